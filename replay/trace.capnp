@0xc7ab2e6d11a90bc4;
# The messages of a trace file. The file around them (magic, chunk prefixes, checksums, limits) is described in
# docs/trace-format.md, its constants are in replay/trace_format.hpp.
#
# A run is a function of config, inputs and decisions: only these are stored, with digests to check them by. Whatever
# else a person wants to know is computed by running the trace again.
#
# Rules for changes: only append fields and union members. A change that an old reader may ignore raises the format
# version; one that it must not ignore raises the minimum reader version as well.

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("replay::schema");

struct Chunk {
  # The root of each message.
  union {
    header @0 :Header;  # the first chunk, and no other
    decisions @1 :Decisions;
    inputs @2 :Inputs;
    marks @3 :Marks;
    end @4 :End;  # the last chunk; missing when the run was cut off
  }
}

struct Header {
  formatVersion @0 :UInt32;  # version of the writer's format, from 1
  minimumReaderVersion @1 :UInt32;  # the oldest reader version that reads this file rightly; at most formatVersion
  build @2 :Text;  # identity of the build that wrote the trace, for people; at most 4096 bytes
  producer @3 :Text;  # what wrote it: "run", "serve", "fuzz", ...; at most 64 bytes
  scenario @4 :Text;  # the scenario in its text form, with the config block (seed, cpus, strategy); at most 2 MiB
}

struct Decisions {
  # The next piece of the decision tape. Pieces are joined in the order of their chunks.
  tape @0 :Data;  # whole pairs (gap, answer) in varints, see docs/trace-format.md
}

struct Inputs {
  list @0 :List(Input);  # steps never go back, within a chunk and from chunk to chunk
}

enum InputKind {
  open @0;  # the outside opened the port
  data @1;  # the outside sent bytes
  close @2;  # the outside closed the port
}

struct Input {
  # Something that came from the real outside.
  step @0 :UInt64;  # count of events when the machine received it
  port @1 :UInt32;  # number of the port, in order of creation
  kind @2 :InputKind;
  bytes @3 :Data;  # what came with it; at most 1 MiB
}

struct Marks {
  list @0 :List(Mark);  # steps grow strictly, within a chunk and from chunk to chunk
}

struct Mark {
  # The digest of the run at a step. Everything that the run took up to this step is in the chunks before.
  step @0 :UInt64;  # count of events
  digestLow @1 :UInt64;  # bits 0 to 63 of the digest
  digestHigh @2 :UInt64;  # bits 64 to 127
}

enum Outcome {
  completed @0;  # the machine halted as it should
  stuck @1;  # nothing could run any more and somebody still waited
  panicked @2;  # the kernel panicked or an invariant failed
  stopped @3;  # a bound on steps or time, or a person, stopped it
  crashed @4;  # the host process got a signal or a sanitizer report
  failed @5;  # the run ended, but something that must hold did not: an expectation, a leak
}

struct End {
  outcome @0 :Outcome;
  reason @1 :Text;  # why the run ended, for people; at most 64 KiB
  steps @2 :UInt64;  # count of events of the whole run
  virtualNs @3 :UInt64;  # virtual time at the end, in nanoseconds
  digestLow @4 :UInt64;  # bits 0 to 63 of the final digest
  digestHigh @5 :UInt64;  # bits 64 to 127
  decisions @6 :UInt64;  # count of decisions of the whole run, the quiet ones behind the last pair included
}
