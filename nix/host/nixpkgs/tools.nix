# Programs of this machine as packages: links to them, as nothing is copied out of the machine but into images.
{
  host,
  lib,
  make,
}:
let
  inherit (make) mkDerivation;

  # What `cargo xtask nix check` looks for. A name that it did not find evaluates and does not build.
  known = [
    "cargo-nextest"
    "curl"
    "git"
    "haproxy"
    "mariadb"
    "memcached"
    "mold"
    "mosquitto"
    "nats-server"
    "nixfmt-tree"
    "postgresql"
    "prometheus"
    "redis"
    "sccache"
    "shellcheck"
  ];

  # `meta.mainProgram` in nixpkgs, where it has one.
  mainPrograms = {
    cargo-nextest = "cargo-nextest";
    curl = "curl";
    git = "git";
    haproxy = "haproxy";
    memcached = "memcached";
    nats-server = "nats-server";
    nixfmt-tree = "treefmt";
    prometheus = "prometheus";
    redis = "redis-cli";
    sccache = "sccache";
    shellcheck = "shellcheck";
  };

  has = attribute: builtins.hasAttr attribute host.tools;

  common = attribute: {
    pname = builtins.head (lib.splitString "_" attribute);
    meta = lib.optionalAttrs (mainPrograms ? ${attribute}) { mainProgram = mainPrograms.${attribute}; };
  };

  missing =
    attribute:
    mkDerivation (
      common attribute
      // {
        inherit attribute;
        # Whatever is wanted: who builds it is told what is the matter.
        version = "9999";
        buildCommand = ''
          echo "host-pkgs: this host has no \`$attribute\`; \`cargo xtask nix check\` looks for it anew each time" >&2
          exit 1
        '';
      }
    );

  # A line each, as paths may have spaces.
  lines = lib.concatStringsSep "\n";

  tool =
    attribute:
    {
      version,
      programs,
      libraries ? [ ],
      trees ? [ ],
      leave-out ? [ ],
    }:
    mkDerivation (
      common attribute
      // {
        inherit attribute bash version;
        programs = lines (lib.mapAttrsToList (name: path: "${name}\t${path}") programs);
        libraries = lines libraries;
        trees = lines trees;
        leaveOut = lines leave-out;
        buildCommand = "source ${./tool.sh}";
      }
    );

  # What every machine has: those of `programs` that are on PATH, the first of them in any case.
  basic =
    pname: programs:
    mkDerivation {
      inherit pname;
      version = "0";
      meta.mainProgram = builtins.head programs;
      buildCommand = ''
        mkdir -p $out/bin
        for program in ${toString programs}; do
          ! path=$(type -P "$program") || ln -s "$path" "$out/bin/$program"
        done
        if [ ! -e $out/bin/${builtins.head programs} ]; then
          echo "host-pkgs: this host has no \`${builtins.head programs}\` on $PATH" >&2
          exit 1
        fi
      '';
    };
  words = lib.splitString " ";

  bash = basic "bash" [
    "bash"
    "sh"
  ];
  # Only names that nixpkgs has too, whatever a file says.
  unknown = lib.genAttrs known missing;
in
{
  inherit has;

  cc = basic "cc" (words "cc gcc c++ g++ ld ar as ranlib strip");

  packages =
    unknown
    // builtins.mapAttrs tool (builtins.intersectAttrs unknown host.tools)
    // {
      inherit bash;
      bashInteractive = bash;
      coreutils = basic "coreutils" (
        words (
          "ls arch b2sum base32 base64 basename cat chgrp chmod chown cksum comm cp csplit cut date dd df dirname du"
          + " echo env expand expr factor false fmt fold groups head hostid id install join link ln logname md5sum"
          + " mkdir mkfifo mknod mktemp mv nice nl nohup nproc numfmt od paste pathchk pr printenv printf ptx pwd"
          + " readlink realpath rm rmdir seq sha1sum sha224sum sha256sum sha384sum sha512sum shred shuf sleep sort"
          + " split stat stdbuf stty sum sync tac tail tee test timeout touch tr true truncate tsort tty uname"
          + " unexpand uniq unlink wc who whoami yes"
        )
      );
      gnugrep = basic "gnugrep" (words "grep egrep fgrep");
      gnused = basic "gnused" [ "sed" ];
      gnutar = basic "gnutar" [ "tar" ];
      gzip = basic "gzip" (words "gzip gunzip zcat");
    };
}
