//! Targets with a harness of their own, which only manifests tell.

use toml_edit::{DocumentMut, Item, TableLike};

use crate::{Member, Target, TargetKind};

/// Why a manifest cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the manifest is not TOML: {reason}")]
pub struct ManifestError {
    /// What the parser says.
    pub reason: String,
}

/// The targets for which a manifest says `harness = false`: kind and name. The library may go without a name.
///
/// # Errors
///
/// When `manifest` is not TOML.
pub fn custom_harnesses(manifest: &str) -> Result<Vec<(TargetKind, Option<String>)>, ManifestError> {
    let manifest: DocumentMut = manifest
        .parse()
        .map_err(|error: toml_edit::TomlError| ManifestError { reason: error.to_string().trim_end().to_owned() })?;
    let kinds = [
        ("lib", TargetKind::Lib),
        ("bin", TargetKind::Bin),
        ("example", TargetKind::Example),
        ("test", TargetKind::Test),
        ("bench", TargetKind::Bench),
    ];
    let mut custom = Vec::new();
    for (key, kind) in kinds {
        for table in manifest.get(key).map(tables).unwrap_or_default() {
            if table.get("harness").and_then(Item::as_bool) == Some(false) {
                custom.push((kind, table.get("name").and_then(Item::as_str).map(str::to_owned)));
            }
        }
    }
    Ok(custom)
}

/// `[key]`, every `[[key]]`, or the same written inline.
fn tables(item: &Item) -> Vec<&dyn TableLike> {
    match item {
        Item::ArrayOfTables(tables) => tables.iter().map(|table| table as &dyn TableLike).collect(),
        Item::Value(value) if value.is_array() => {
            let values = value.as_array().into_iter().flatten();
            values.filter_map(|value| value.as_inline_table().map(|table| table as &dyn TableLike)).collect()
        }
        item => item.as_table_like().into_iter().collect(),
    }
}

/// Marks in a member what [`custom_harnesses`] found in its manifest.
pub fn mark_custom_harnesses(member: &mut Member, custom: &[(TargetKind, Option<String>)]) {
    for target in &mut member.targets {
        let named = |(kind, name): &(TargetKind, Option<String>)| match kind {
            TargetKind::Lib => target.kind.is_library(),
            kind => *kind == target.kind && name.as_ref() == Some(&target.name),
        };
        target.harness = !custom.iter().any(named);
    }
}

impl Member {
    /// The targets that `cargo test` runs unasked, with a harness that nextest may not be able to list. Where features are
    /// missing that one requires, cargo does not build it: the list of built binaries tells.
    pub fn custom_harness_tests(&self) -> impl Iterator<Item = &Target> {
        self.targets.iter().filter(|target| !target.harness && target.test)
    }
}
