// All messages.

#pragma once

#include <raft/messages/append.hpp>
#include <raft/messages/apply.hpp>
#include <raft/messages/backup.hpp>
#include <raft/messages/change.hpp>
#include <raft/messages/client.hpp>
#include <raft/messages/entry.hpp>
#include <raft/messages/header.hpp>
#include <raft/messages/identity.hpp>
#include <raft/messages/install.hpp>
#include <raft/messages/leadership.hpp>
#include <raft/messages/link.hpp>
#include <raft/messages/machine.hpp>
#include <raft/messages/membership.hpp>
#include <raft/messages/membership_bytes.hpp>
#include <raft/messages/persist.hpp>
#include <raft/messages/read_index.hpp>
#include <raft/messages/snapshot.hpp>
#include <raft/messages/timer.hpp>
#include <raft/messages/transfer.hpp>
#include <raft/messages/versions.hpp>
#include <raft/messages/vote.hpp>
