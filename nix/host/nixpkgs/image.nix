# Images of containers. In nixpkgs a store path brings its libraries; here the libraries, and the files of the host that
# links of `contents` lead to, are copied to where they are on the host.
{
  lib,
  make,
  system,
  write,
}:
{
  # A docker-archive. Its layers: the libraries, then one for each of `contents`, then what `extraCommands` makes of the
  # root folder, in which the files of `contents` are linked.
  buildLayeredImage =
    {
      name,
      tag,
      contents,
      config,
      created,
      extraCommands,
    }:
    let
      # What the configuration names is in the image too, as its store paths are.
      configFile = write.writeText "config.json" (builtins.toJSON config);
      graphs = map (content: {
        name = "graph-${baseNameOf (builtins.unsafeDiscardStringContext "${content}")}";
        inherit content;
      }) (lib.flatten contents);
    in
    make.runCommand "${baseNameOf name}.tar.gz"
      {
        inherit created extraCommands configFile;
        contents = map (graph: "${graph.content}") graphs;
        graphs = map (graph: graph.name) graphs;
        exportReferencesGraph =
          lib.flatten (
            map (graph: [
              graph.name
              "${graph.content}"
            ]) graphs
          )
          ++ [
            "graph-config"
            configFile
          ];
        imageName = name;
        imageTag = tag;
        architecture =
          {
            x86_64 = "amd64";
            aarch64 = "arm64";
          }
          .${builtins.head (lib.splitString "-" system)};
        passAsFile = [ "extraCommands" ];
      }
      ''
        source $stdenv/link-tree.sh
        source ${./image.sh}
      '';
}
