// Lets Boost.Test compare outcomes of commands; it does not print them.

#pragma once

#include <raft/messages/client.hpp>

#include <boost/test/unit_test.hpp>

BOOST_TEST_DONT_PRINT_LOG_VALUE(raft::outcome)
BOOST_TEST_DONT_PRINT_LOG_VALUE(raft::reject_reason)
