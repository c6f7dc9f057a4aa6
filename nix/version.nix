# Whether a version is one that is wanted, as Rust's `Wanted` has it: ">=13" and newer, "16" and those that begin so.
{ lib }:
wanted: version:
if lib.hasPrefix ">=" wanted then
  lib.versionAtLeast version (lib.removePrefix ">=" wanted)
else
  version == wanted || lib.hasPrefix "${wanted}." version
