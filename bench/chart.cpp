#include <raft/bench/chart.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace raft::bench {

namespace {

// In pixels.
constexpr double panel_width = 470, panel_height = 250, gap = 60, margin = 90,
                 header = 96, dot = 4;

constexpr std::array colors{"#1b5e9b", "#c2571a", "#3c7a3f", "#7a4a9c",
                            "#8a7a00"};

std::string escape(const std::string& x) {
  std::string result;
  for (auto c : x)
    switch (c) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      default:
        result += c;
    }
  return result;
}

std::string text(double x, double y, const char* of_class,
                 const std::string& what) {
  return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" class=\"{}\">{}</text>\n",
                     x, y, of_class, escape(what));
}

std::string line(double x1, double y1, double x2, double y2,
                 const std::string& style) {
  return fmt::format("<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" "
                     "y2=\"{:.1f}\" {}/>\n",
                     x1, y1, x2, y2, style);
}

/// Powers of ten around all that is shown, from the bottom of a panel to its
/// top.
class scale {
public:
  scale(double lowest, double highest)
    : low_{std::floor(std::log10(lowest))},
      high_{std::max(std::ceil(std::log10(highest)), low_ + 1)} {
    // nop
  }

  int low() const {
    return static_cast<int>(low_);
  }

  int high() const {
    return static_cast<int>(high_);
  }

  /// Pixels from the top.
  double at(double x) const {
    return panel_height * (high_ - std::log10(x)) / (high_ - low_);
  }

private:
  double low_;
  double high_;
};

/// One metric of loads that differ only in their clients.
class panel {
public:
  panel(const comparison& of, const std::vector<load>& loads,
        const metric& what, double x, double y)
    : of_{of}, loads_{loads}, what_{what}, x_{x}, y_{y} {
    // nop
  }

  std::string draw(const std::string& title) const {
    auto result = text(x_, y_ - 12, "title", title);
    auto known = range();
    if (!known)
      return result;
    scale heights{known->lowest, known->highest};
    result += axis(heights);
    for (std::size_t i = 0; i < loads_.size(); ++i) {
      result += text(place(i), y_ + panel_height + 18, "middle",
                     to_text(loads_[i].shape));
      for (std::size_t j = 0; j < of_.systems().size(); ++j)
        result += mark(heights, i, j);
    }
    return result
         + text(x_ + panel_width / 2, y_ + panel_height + 36, "middle faint",
                "clients");
  }

private:
  /// What all systems and loads have together.
  std::optional<spread> range() const {
    std::vector<double> ends;
    for (const auto& x : loads_)
      for (const auto& system : of_.systems())
        if (auto found = of_.of(system, x, what_); found && found->lowest > 0) {
          ends.push_back(found->lowest);
          ends.push_back(found->highest);
        }
    return ends.empty() ? std::nullopt : std::optional{spread_of(ends)};
  }

  std::string axis(const scale& heights) const {
    std::string result;
    for (auto power = heights.low(); power <= heights.high(); ++power) {
      auto value = std::pow(10, power);
      auto y = y_ + heights.at(value);
      result += line(x_, y, x_ + panel_width, y, "stroke=\"#d8d8d8\"");
      result += text(x_ - 8, y + 4, "end",
                     value < 1 ? fmt::format("{:g}", value)
                               : fmt::format("{}", with_commas(value)));
    }
    return result;
  }

  static std::string with_commas(double x) {
    return x < 100 ? fmt::format("{:.0f}", x) : to_text(x);
  }

  double column() const {
    return panel_width / static_cast<double>(loads_.size());
  }

  double place(std::size_t number) const {
    return x_ + column() * (static_cast<double>(number) + 0.5);
  }

  std::string mark(const scale& heights, std::size_t number,
                   std::size_t system) const {
    auto found = of_.of(of_.systems()[system], loads_[number], what_);
    if (!found || found->lowest <= 0)
      return "";
    auto count = static_cast<double>(of_.systems().size());
    auto step = std::min(column() * 0.7 / count, 16.0);
    auto x
      = place(number) + step * (static_cast<double>(system) - (count - 1) / 2);
    auto y = y_ + heights.at(found->median);
    auto color = colors[system % colors.size()];
    return line(x, y_ + heights.at(found->lowest), x,
                y_ + heights.at(found->highest),
                fmt::format("stroke=\"{}\" stroke-width=\"2\"", color))
         + fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"{}\" "
                       "fill=\"{}\"><title>{}: {} ({} to {})</title>"
                       "</circle>\n",
                       x, y, dot, color, escape(of_.systems()[system]),
                       to_text(found->median), to_text(found->lowest),
                       to_text(found->highest));
  }

  const comparison& of_;
  const std::vector<load>& loads_;
  const metric& what_;
  double x_;
  double y_;
};

std::string legend(const comparison& x) {
  std::string result;
  auto at = margin + 5;
  for (std::size_t i = 0; i < x.systems().size(); ++i, at += 110)
    result
      += fmt::format("<circle cx=\"{}\" cy=\"58\" r=\"{}\" fill=\"{}\"/>\n", at,
                     dot + 1, colors[i % colors.size()])
       + text(at + 12, 62, "name", x.systems()[i]);
  return result
       + text(at, 62, "faint",
              "dots: medians over the rounds; lines: lowest to highest");
}

} // namespace

std::string to_svg(const comparison& x, const facts& about) {
  auto groups = groups_of(x.loads());
  auto row = panel_height + gap + 46;
  auto width = 2 * (panel_width + margin) + 20;
  auto height = header + row * static_cast<double>(groups.size())
              + 18 * static_cast<double>(about.size()) + 10;
  auto result = fmt::format(
    "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0:.0f}\" "
    "height=\"{1:.0f}\" viewBox=\"0 0 {0:.0f} {1:.0f}\">\n"
    "<style>text {{ font: 13px sans-serif; fill: #222 }} .title {{ "
    "font-weight: "
    "bold }} .head {{ font-size: 18px }} .middle {{ text-anchor: middle }} "
    ".end {{ text-anchor: end }} .faint {{ fill: #666 }}</style>\n"
    "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n",
    width, height);
  result += text(margin, 32, "head", "Commands a second, and their latency")
          + legend(x);
  auto y = header + 14;
  for (const auto& group : groups) {
    auto name
      = fmt::format("{}, values of {} bytes: ", to_text(group.front().what),
                    group.front().value_bytes);
    result
      += panel{x, group, metrics::rate, margin, y}.draw(name + "commands/s");
    result += panel{x, group, metrics::p99, 2 * margin + panel_width, y}.draw(
      name + "99th percentile, ms");
    y += row;
  }
  for (const auto& [what, value] : about) {
    result += text(margin, y, "faint", what + ": " + value);
    y += 18;
  }
  return result + "</svg>\n";
}

} // namespace raft::bench
