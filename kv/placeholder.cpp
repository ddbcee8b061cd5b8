namespace raft {} // replaced by the folder's sources
