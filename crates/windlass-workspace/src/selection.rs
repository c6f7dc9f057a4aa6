//! Which members the stages are about, and why the others are not.

use serde::{Deserialize, Serialize};

use crate::{Host, Member, PlatformError, Workspace};

/// A package that the user leaves out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exclude {
    /// Its name.
    pub package: String,
    /// Where: `cfg(…)` or a target triple; everywhere if absent.
    pub platform: Option<String>,
    /// Why.
    pub reason: String,
}

/// The members that stages are about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Selection {
    /// Names, in order, each with why it is in.
    pub packages: Vec<(String, Reason)>,
    /// Names, in order, each with why it is not.
    pub left_out: Vec<(String, String)>,
}

/// Why a package is selected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// All members are, unless something speaks against it.
    Member,
}

/// Why nothing can be selected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SelectionError {
    /// A package that the user leaves out is not there.
    #[error("`{package}` is excluded but is not a member of the workspace{}", hint(nearest.as_deref()))]
    NoMember {
        /// The package.
        package: String,
        /// The most similar name of a member.
        nearest: Option<String>,
    },
    /// The platform of such a package cannot be read.
    #[error("`{package}` is excluded for a platform that cannot be read: {source}")]
    Platform {
        /// The package.
        package: String,
        /// Why.
        source: PlatformError,
    },
}

fn hint(nearest: Option<&str>) -> String {
    nearest.map(|name| format!("; did you mean `{name}`?")).unwrap_or_default()
}

/// Selects all members but those that `excludes` leaves out on this host, and those that carry windlass.
///
/// # Errors
///
/// When an exclude names no member, or a platform that is none; also if it would not apply here.
pub fn select(
    workspace: &Workspace,
    excludes: &[Exclude],
    include_xtask: bool,
    host: &Host,
) -> Result<Selection, SelectionError> {
    let mut excluded = Vec::new();
    for exclude in excludes {
        let package = &exclude.package;
        if workspace.member(package).is_none() {
            let nearest = windlass_plan::nearest(package, workspace.members.iter().map(|member| &member.name));
            return Err(SelectionError::NoMember { package: package.clone(), nearest });
        }
        let here = exclude.platform.as_deref().map_or(Ok(true), |platform| host.matches(platform));
        if here.map_err(|source| SelectionError::Platform { package: package.clone(), source })? {
            excluded.push(exclude);
        }
    }
    let why_not = |member: &Member| {
        let exclude = excluded.iter().find(|exclude| exclude.package == member.name);
        exclude.map(|exclude| exclude.reason.clone()).or_else(|| {
            (!include_xtask && member.carries_windlass).then(|| {
                "it carries windlass, whose features would leak into the build (`include-xtask = true` takes it in)"
                    .into()
            })
        })
    };
    let mut selection = Selection { packages: Vec::new(), left_out: Vec::new() };
    for member in &workspace.members {
        match why_not(member) {
            Some(reason) => selection.left_out.push((member.name.clone(), reason)),
            None => selection.packages.push((member.name.clone(), Reason::Member)),
        }
    }
    Ok(selection)
}
