//! `[[ci.step]]`: the workspace's own steps.

use std::collections::BTreeMap;

use windlass_plan::{Command, Plan, PlanError, Step};
use windlass_toml::{Section, Source, hint, is_variable};

use super::{SERVICES, STAGES, texts};

pub(super) const STEP_KEYS: [&str; 6] = ["name", "run", "needs", "uses", "timeout-s", "env"];

/// A step of the workspace's own, run in its root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OwnStep {
    /// Unlike every stage and every other step; letters, digits, `-` and `_`.
    pub(crate) name: String,
    /// The program and its arguments, never empty; a `run` that is a string has become `sh -c` with it.
    pub(crate) argv: Vec<String>,
    /// Stages and steps that must have passed before it.
    pub(crate) needs: Vec<String>,
    /// Exclusive resources; the cargo stages use `cargo`.
    pub(crate) uses: Vec<String>,
    /// Seconds that it may take: its own, or those of `[ci]`.
    pub(crate) timeout_s: u64,
    /// Variables set for it.
    pub(crate) env: BTreeMap<String, String>,
    /// Its line in the file.
    pub(crate) line: usize,
}

/// The steps; those that are refused are left out.
pub(super) fn read(sections: &[Section<'_>], timeout_s: u64, source: &mut Source<'_>) -> Vec<OwnStep> {
    let mut steps: Vec<OwnStep> = Vec::new();
    let mut needs = Vec::new();
    for section in sections {
        let Some((step, step_needs)) = read_step(section, timeout_s, source) else { continue };
        if let Some(first) = steps.iter().find(|first| first.name == step.name) {
            let (name, line) = (&step.name, first.line);
            source.refuse(step.line, format!("`ci.step.name` is \"{name}\", as on line {line}; give one another name"));
            continue;
        }
        needs.extend(step_needs.into_iter().map(|(line, need)| (line, step.name.clone(), need)));
        steps.push(step);
    }
    // A need of a step that was refused is as unknown as any, but only the refused step is wrong: say that alone.
    if steps.len() == sections.len() {
        refuse_unknown_needs(&steps, &needs, source);
        refuse_circle(&steps, source);
    }
    steps
}

type Needs = Vec<(usize, String)>;

fn read_step(section: &Section<'_>, timeout_s: u64, source: &mut Source<'_>) -> Option<(OwnStep, Needs)> {
    section.only(&STEP_KEYS, source);
    let name =
        section.required("name", "what the step is called", source).filter(|name| check_name(name, section, source));
    let argv = read_run(section, source);
    let needs = section.entry("needs", source).and_then(|needs| needs.strings("a list of stages and steps", source));
    let uses =
        section.entry("uses", source).map(|uses| uses.strings("a list of resources", source).unwrap_or_default());
    let own_timeout_s = section.entry("timeout-s", source).and_then(|timeout| timeout.seconds(source));
    let env = section.entry("env", source).and_then(|env| {
        let pairs = env.pairs(source);
        for name in pairs.iter().flat_map(BTreeMap::keys).filter(|name| !is_variable(name)) {
            source.refuse(
                env.line,
                format!("`ci.step.env` sets `{name}`, which no shell could set; use letters, digits and `_`"),
            );
        }
        pairs
    });
    let needs = needs.unwrap_or_default();
    let step = OwnStep {
        name: name?,
        argv: argv?,
        needs: texts(needs.clone()),
        uses: uses.map_or_else(|| vec!["cargo".to_owned()], texts),
        timeout_s: own_timeout_s.unwrap_or(timeout_s),
        env: env.unwrap_or_default(),
        line: section.line,
    };
    Some((step, needs))
}

fn read_run(section: &Section<'_>, source: &mut Source<'_>) -> Option<Vec<String>> {
    const WANTED: &str = "a string for `sh -c`, or a list of a program and its arguments";
    let Some(run) = section.entry("run", source) else {
        source.refuse(section.line, format!("`ci.step.run` is missing: {WANTED}"));
        return None;
    };
    if run.text().is_some() {
        return Some(vec!["sh".to_owned(), "-c".to_owned(), run.string(source)?]);
    }
    let argv = texts(run.strings(WANTED, source)?);
    if argv.first().is_none_or(|program| program.trim().is_empty()) {
        source.refuse(run.line, format!("`ci.step.run` names no program; it must be {WANTED}"));
        return None;
    }
    Some(argv)
}

/// Refuses a name that a stage has, or that would not do as the name of a log.
fn check_name(name: &str, section: &Section<'_>, source: &mut Source<'_>) -> bool {
    let line = section.entry("name", source).map_or(section.line, |entry| entry.line);
    if STAGES.contains(&name) || name == SERVICES {
        source.refuse(line, format!("`ci.step.name` is \"{name}\", which is a stage of windlass; choose another name"));
        return false;
    }
    let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    if !plain {
        source.refuse(line, format!("`ci.step.name` is \"{name}\"; it may have letters, digits, `-` and `_`"));
    }
    plain
}

fn refuse_unknown_needs(steps: &[OwnStep], needs: &[(usize, String, String)], source: &mut Source<'_>) {
    for (line, step, need) in needs {
        let others = steps.iter().map(|step| step.name.as_str()).filter(|other| other != step);
        let known = STAGES.into_iter().chain(others);
        if need != step && !known.clone().any(|known| known == need) {
            let hint = hint(need, known, "there are");
            source.refuse(
                *line,
                format!("`ci.step.needs` of `{step}` names `{need}`, which is no stage or step; {hint}"),
            );
        }
    }
}

fn refuse_circle(steps: &[OwnStep], source: &mut Source<'_>) {
    let own = |name: &str| steps.iter().find(|step| step.name == name);
    let step = |it: &OwnStep| {
        // Stages need no steps of the workspace's own: no circle goes through one.
        Step::new(&it.name, Command::new("", "")).needs(it.needs.iter().filter(|need| own(need).is_some()))
    };
    let Err(PlanError::Cycle { path }) = Plan::new(steps.iter().map(step)) else { return };
    let path: Vec<&OwnStep> = path.iter().filter_map(|name| own(name)).collect();
    let circle = path.iter().map(|step| format!("`{}` (line {})", step.name, step.line)).collect::<Vec<_>>();
    source.refuse(
        path[0].line,
        format!("`ci.step.needs` goes round in a circle: {}; take one of these needs away", circle.join(" -> ")),
    );
}
