// Tests the scanner that the structure tests rely on.

#include <raft/tests/structure/rules.hpp>
#include <raft/tests/structure/source_file.hpp>

#include <boost/test/unit_test.hpp>

using namespace raft::structure;

BOOST_AUTO_TEST_SUITE(scanner)

BOOST_AUTO_TEST_CASE(comments_and_literals_are_no_code) {
  auto code = code_only("int a; // thread {\n"
                        "/* { \n { */ int b;\n"
                        "auto c = \"}\\\"{\"; auto d = '{';\n"
                        "auto e = R\"x({)\" {)x\"; auto f = 1'000;\n");
  BOOST_TEST(code.find('{') == std::string::npos);
  BOOST_TEST(code.find('}') == std::string::npos);
  BOOST_TEST(code.find("thread") == std::string::npos);
  BOOST_TEST(code.find("int b;") != std::string::npos);
  BOOST_TEST(code.find("auto f = 1'000;") != std::string::npos);
  BOOST_TEST(count_lines(code) == 5u);
}

BOOST_AUTO_TEST_CASE(includes_are_found_with_their_line) {
  auto found = includes_of("// x\n#include <raft/a.hpp>\n#  include \"b.h\"\n"
                           "// #include <c>\n");
  BOOST_REQUIRE(found.size() == 2u);
  BOOST_TEST(found[0].line == 2u);
  BOOST_TEST(found[0].header == "raft/a.hpp");
  BOOST_TEST(!found[0].quoted);
  BOOST_TEST(found[1].header == "b.h");
  BOOST_TEST(found[1].quoted);
}

BOOST_AUTO_TEST_CASE(functions_are_measured_wherever_they_stand) {
  auto found = functions_of("namespace a {\n"
                            "struct s {\n"
                            "  void f() {\n"
                            "    if (true) {\n"
                            "    }\n"
                            "  }\n"
                            "};\n"
                            "template <class T, class U = b<T>>\n"
                            "void g(T x) {\n"
                            "}\n"
                            "} // namespace a\n");
  BOOST_REQUIRE(found.size() == 2u);
  BOOST_TEST(found[0].line == 3u);
  BOOST_TEST(found[0].length == 4u);
  BOOST_TEST(found[1].line == 8u);
  BOOST_TEST(found[1].length == 2u);
}

BOOST_AUTO_TEST_CASE(initializers_are_no_functions) {
  auto found = functions_of("const int table[] = {\n1,\n2,\n};\n"
                            "c::c(int a) : a_{a},\n"
                            "    b_{1} {\n"
                            "  f();\n"
                            "}\n");
  BOOST_REQUIRE(found.size() == 1u);
  BOOST_TEST(found[0].line == 5u);
  BOOST_TEST(found[0].length == 3u);
}

BOOST_AUTO_TEST_CASE(words_stand_alone) {
  auto found = words_of("int doubled;\ndouble x; steady_clock::now()",
                        {"double", "steady_clock"});
  BOOST_REQUIRE(found.size() == 2u);
  BOOST_TEST(found[0].line == 2u);
}

BOOST_AUTO_TEST_CASE(the_first_comment_is_a_paragraph) {
  BOOST_TEST(first_comment("// One\n// two.\n\n// three\n") == "One two.");
  BOOST_TEST(first_comment("#pragma once\n// One.\n") == "");
}

BOOST_AUTO_TEST_CASE(the_nearest_folder_rules) {
  BOOST_TEST(rule_for("messages/caf/x.hpp")->folder == "messages/caf");
  BOOST_TEST(rule_for("messages/x.hpp")->folder == "messages");
  BOOST_TEST((rule_for("elsewhere/x.hpp") == nullptr));
}

BOOST_AUTO_TEST_CASE(headers_belong_to_libraries) {
  BOOST_TEST(library_of("vector") == "std");
  BOOST_TEST(library_of("sys/socket.h") == "posix");
  BOOST_TEST(library_of("caf/all.hpp") == "caf");
}

BOOST_AUTO_TEST_SUITE_END()
