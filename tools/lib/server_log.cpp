#include <raft/programs/line_writer.hpp>
#include <raft/tools/lib/server_log.hpp>

#include <fmt/format.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>

#include <mutex>
#include <unistd.h>

namespace raft::tools {

namespace {

class patient_sink : public spdlog::sinks::base_sink<std::mutex> {
protected:
  void sink_it_(const spdlog::details::log_msg& msg) override {
    spdlog::memory_buf_t text;
    formatter_->format(msg, text);
    auto line = fmt::to_string(text);
    if (colored_ && msg.color_range_end > msg.color_range_start) {
      line.insert(msg.color_range_end, "\033[m");
      line.insert(msg.color_range_start, color_of(msg.level));
    }
    out_.put(std::move(line), msg.level >= spdlog::level::critical);
  }

  void flush_() override {
    // nop: nobody waits
  }

private:
  static const char* color_of(spdlog::level::level_enum x) {
    switch (x) {
      case spdlog::level::info:
        return "\033[32m";
      case spdlog::level::warn:
        return "\033[33m\033[1m";
      case spdlog::level::err:
        return "\033[31m\033[1m";
      case spdlog::level::critical:
        return "\033[1m\033[41m";
      default:
        return "\033[36m";
    }
  }

  programs::line_writer out_{STDERR_FILENO, std::size_t{1} << 20, "the log"};
  bool colored_ = isatty(STDERR_FILENO) != 0;
};

} // namespace

void set_up_log(const server::configuration& config) {
  auto log = std::make_shared<spdlog::logger>(
    fmt::format("peer {}", config.node.id.value),
    std::make_shared<patient_sink>());
  log->set_pattern("%Y-%m-%d %H:%M:%S.%e %n %^%l%$: %v");
  log->set_level(spdlog::level::from_str(config.log_level));
  spdlog::set_default_logger(std::move(log));
}

} // namespace raft::tools
