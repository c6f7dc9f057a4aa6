//! What stands in a workspace, in three lines.

use std::collections::BTreeMap;

use windlass_workspace::{Member, TargetKind, Workspace};

/// How many members are named before the rest are counted.
const NAMES_MAX: usize = 8;

/// Members, targets and doctests.
pub(super) fn text(workspace: &Workspace) -> String {
    let names: Vec<&str> = workspace.members.iter().map(|member| member.name.as_str()).collect();
    let (named, rest) = names.split_at(names.len().min(NAMES_MAX));
    let more = if rest.is_empty() { String::new() } else { format!(" and {} more", rest.len()) };
    let mut kinds: BTreeMap<TargetKind, usize> = BTreeMap::new();
    for target in workspace.members.iter().flat_map(|member| &member.targets) {
        *kinds.entry(target.kind).or_default() += 1;
    }
    let targets: Vec<String> = kinds.iter().map(|(kind, n)| format!("{n} {}", kind.as_str())).collect();
    let with_doctests = names.iter().filter(|name| workspace.has_doctests([**name])).count();
    format!(
        "members   {}: {}{more}\ntargets   {}\ndoctests  in {with_doctests} of the members\n",
        names.len(),
        named.join(", "),
        targets.join(", "),
    )
}

/// Whether a member is a program that hands its arguments to windlass.
pub(super) fn carries_windlass(member: &Member) -> bool {
    member.carries_windlass && member.targets.iter().any(|target| target.kind == TargetKind::Bin)
}

/// The newest edition among the members, `except` one, so that another package of it changes nothing that cargo says about
/// editions and resolvers; at least 2018.
pub(super) fn edition(workspace: &Workspace, except: &str) -> String {
    let others = workspace.members.iter().filter(|member| member.name != except);
    others.map(|member| member.edition.as_str()).chain(["2018"]).max().unwrap_or("2018").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workspace() -> Workspace {
        let target = |kind: TargetKind| windlass_workspace::Target {
            name: "t".into(),
            kind,
            test: true,
            doctest: kind.is_library(),
            harness: true,
        };
        let member = |name: &str, edition: &str, kinds: &[TargetKind], carries_windlass| Member {
            name: name.into(),
            id: name.into(),
            manifest_path: format!("/ws/{name}/Cargo.toml"),
            edition: edition.into(),
            targets: kinds.iter().copied().map(target).collect(),
            path_dependencies: Vec::new(),
            carries_windlass,
            uses_sqlx: false,
        };
        let members = vec![
            member("a", "2015", &[TargetKind::Lib, TargetKind::Test, TargetKind::Test], false),
            member("b", "2021", &[TargetKind::ProcMacro], true),
            member("tasks", "2024", &[TargetKind::Bin], true),
        ];
        Workspace { root: "/ws".into(), target_directory: "/ws/target".into(), members }
    }

    #[test]
    fn what_is_there_is_said_in_three_lines() {
        insta::assert_snapshot!(text(&workspace()), @r"
        members   3: a, b, tasks
        targets   1 lib, 1 proc-macro, 1 bin, 2 test
        doctests  in 2 of the members
        ");
    }

    #[test]
    fn only_a_program_carries_windlass() {
        assert_eq!(workspace().members.iter().map(carries_windlass).collect::<Vec<_>>(), [false, false, true]);
    }

    #[test]
    fn the_edition_is_that_of_the_newest_of_the_others() {
        assert_eq!(edition(&workspace(), "tasks"), "2021");
        assert_eq!(edition(&Workspace { members: vec![], ..workspace() }, ""), "2018");
    }
}
