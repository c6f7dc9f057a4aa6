//! Dead code: names that are bound and that nothing needs.

use std::collections::BTreeMap;

use rnix::ast::{Attr, Entry, Expr, HasEntry, Inherit, Lambda, LetIn, Param, Pattern, Root};
use rnix::{SyntaxKind, SyntaxNode};

use crate::Finding;
use crate::tree::{cast, name, offset, syntax};

/// Names of `let`, arguments and names of patterns that nothing needs, and a `let` without any. One that only dead code uses
/// is dead too. A name that begins with `_` is meant to be unused; attributes of sets, `rec` or not, are never dead.
///
/// An identifier is looked for in what is bound around it, and only then in a `with`, as Nix does.
pub(crate) fn dead_code(file: &str, text: &str, root: &Root) -> Vec<Finding> {
    let mut walk = Walk::default();
    walk.visit(syntax(root));
    walk.find_live();
    let dead = walk.bindings.iter().filter(|binding| !binding.is_live);
    let dead = dead.map(|binding| (binding.offset, binding.kind.sentence(&binding.name)));
    let empty = walk.empty.iter().map(|offset| (*offset, "this `let` binds nothing; it must go".to_owned()));
    let findings = dead.chain(empty).map(|(offset, message)| Finding::at(file, text, offset, message));
    let mut findings: Vec<Finding> = findings.collect();
    findings.sort();
    // What a `let` inherits several names from was walked for each.
    findings.dedup();
    findings
}

/// How a name is bound.
#[derive(Clone, Copy)]
enum Kind {
    /// By `let`.
    Let,
    /// As in `name: …`.
    Argument,
    /// As in `{ name }: …`.
    Name,
    /// As in `{ … }@name: …`.
    Whole,
}

impl Kind {
    fn sentence(self, name: &str) -> String {
        match self {
            Self::Let => format!("`{name}` is bound and never used"),
            Self::Argument => format!("the argument `{name}` is never used; `_{name}` says that it need not be"),
            Self::Name => format!("the argument `{name}` is never used; where callers give it, `...` takes it"),
            Self::Whole => format!("`@{name}` is bound and never used"),
        }
    }
}

/// A name that may be dead.
struct Binding {
    name: String,
    offset: usize,
    kind: Kind,
    is_live: bool,
    /// How many values of other bindings it stands in.
    depth: usize,
    /// For each use, the bindings in whose values it stands, those left out that the binding stands in itself: it is needed if
    /// all of them are.
    uses: Vec<Vec<usize>>,
}

#[derive(Default)]
struct Walk {
    bindings: Vec<Binding>,
    /// What is bound, the innermost last: a binding, or none for what is never dead.
    scopes: Vec<BTreeMap<String, Option<usize>>>,
    /// The bindings in whose values the walk is, the innermost last.
    within: Vec<usize>,
    /// Each `let` that binds nothing.
    empty: Vec<usize>,
}

impl Walk {
    fn visit(&mut self, node: &SyntaxNode) {
        match cast::<Expr>(node.clone()) {
            Some(Expr::Ident(ident)) => self.use_name(&ident.to_string()),
            Some(Expr::Lambda(lambda)) => self.lambda(&lambda),
            Some(Expr::LetIn(it)) => self.let_in(&it),
            Some(Expr::LegacyLet(it)) => self.set(&it, true),
            Some(Expr::AttrSet(set)) => self.set(&set, set.rec_token().is_some()),
            _ => {
                // The names of a path are no identifiers, what is computed in it is an expression.
                let is_path = node.kind() == SyntaxKind::NODE_ATTRPATH;
                let children = node.children().filter(|child| !is_path || child.kind() != SyntaxKind::NODE_IDENT);
                children.for_each(|child| self.visit(&child));
            }
        }
    }

    fn use_name(&mut self, name: &str) {
        let bound = self.scopes.iter().rev().find_map(|scope| scope.get(name));
        if let Some(Some(index)) = bound {
            let binding = &mut self.bindings[*index];
            binding.uses.push(self.within[binding.depth..].to_vec());
        }
    }

    fn bind(&mut self, name: String, offset: usize, kind: Kind) -> usize {
        let is_live = name.starts_with('_');
        self.bindings.push(Binding { name, offset, kind, is_live, depth: self.within.len(), uses: Vec::new() });
        self.bindings.len() - 1
    }

    /// Walks what is in the value of a binding.
    fn in_value_of(&mut self, binding: Option<usize>, walk: impl FnOnce(&mut Self)) {
        self.within.extend(binding);
        walk(self);
        self.within.truncate(self.within.len() - usize::from(binding.is_some()));
    }

    fn in_scope(&mut self, scope: BTreeMap<String, Option<usize>>, walk: impl FnOnce(&mut Self)) {
        self.scopes.push(scope);
        walk(self);
        self.scopes.pop();
    }

    fn lambda(&mut self, lambda: &Lambda) {
        let mut scope = BTreeMap::new();
        let param = lambda.param();
        match &param {
            Some(Param::IdentParam(it)) => {
                if let Some(ident) = it.ident() {
                    let name = ident.to_string();
                    scope.insert(name.clone(), Some(self.bind(name, offset(&ident), Kind::Argument)));
                }
            }
            Some(Param::Pattern(pattern)) => scope = self.pattern(pattern),
            None => {}
        }
        self.in_scope(scope, |walk| {
            if let Some(Param::Pattern(pattern)) = param {
                for entry in pattern.pat_entries() {
                    let name = entry.ident().map(|ident| ident.to_string());
                    let binding = name.and_then(|name| *walk.scopes.last()?.get(&name)?);
                    // The first expression of an entry is its name.
                    let default = syntax(&entry).children().skip(1);
                    walk.in_value_of(binding, |walk| default.for_each(|node| walk.visit(&node)));
                }
            }
            lambda.body().iter().for_each(|body| walk.visit(syntax(body)));
        });
    }

    fn pattern(&mut self, pattern: &Pattern) -> BTreeMap<String, Option<usize>> {
        let whole = pattern.pat_bind().and_then(|bind| bind.ident());
        // Without `...` the names are also what may be in the whole.
        let may_be_dead = whole.is_none() || pattern.ellipsis_token().is_some();
        let mut scope = BTreeMap::new();
        for ident in pattern.pat_entries().filter_map(|entry| entry.ident()) {
            let name = ident.to_string();
            let binding = may_be_dead.then(|| self.bind(name.clone(), offset(&ident), Kind::Name));
            scope.insert(name, binding);
        }
        if let Some(ident) = whole {
            let name = ident.to_string();
            scope.insert(name.clone(), Some(self.bind(name, offset(&ident), Kind::Whole)));
        }
        scope
    }

    fn let_in(&mut self, it: &LetIn) {
        let mut scope = BTreeMap::new();
        for attr in bound(it) {
            if let Some(name) = name(&attr) {
                scope.entry(name.clone()).or_insert_with(|| Some(self.bind(name, offset(&attr), Kind::Let)));
            }
        }
        if it.entries().next().is_none() {
            self.empty.push(offset(it));
        }
        self.outer(it, &scope);
        self.in_scope(scope, |walk| {
            walk.inner(it);
            it.body().iter().for_each(|body| walk.visit(syntax(body)));
        });
    }

    fn set<N: HasEntry>(&mut self, set: &N, is_recursive: bool) {
        let mut scope = BTreeMap::new();
        if is_recursive {
            scope.extend(bound(set).filter_map(|attr| Some((name(&attr)?, None))));
        }
        self.outer(set, &scope);
        self.in_scope(scope, |walk| walk.inner(set));
    }

    /// What is inherited from around, where what is bound here is not seen.
    fn outer<N: HasEntry>(&mut self, set: &N, scope: &BTreeMap<String, Option<usize>>) {
        for attr in set.inherits().filter(|inherit| inherit.from().is_none()).flat_map(|inherit| inherit.attrs()) {
            if let Some(name) = name(&attr) {
                self.in_value_of(scope.get(&name).copied().flatten(), |walk| walk.use_name(&name));
            }
        }
    }

    /// Values, and what is inherited from.
    fn inner<N: HasEntry>(&mut self, set: &N) {
        for entry in set.entries() {
            match entry {
                Entry::AttrpathValue(it) => {
                    let first = it.attrpath().and_then(|path| path.attrs().next());
                    let binding = self.here(first.as_ref());
                    self.in_value_of(binding, |walk| syntax(&it).children().for_each(|node| walk.visit(&node)));
                }
                Entry::Inherit(it) => self.inherited(&it),
            }
        }
    }

    fn inherited(&mut self, it: &Inherit) {
        let Some(from) = it.from() else { return };
        let bindings: Vec<Option<usize>> = it.attrs().map(|attr| self.here(Some(&attr))).collect();
        // It is needed if one of the names is.
        for binding in if bindings.is_empty() { vec![None] } else { bindings } {
            self.in_value_of(binding, |walk| walk.visit(syntax(&from)));
        }
    }

    /// The binding of a name in the innermost scope.
    fn here(&self, attr: Option<&Attr>) -> Option<usize> {
        *self.scopes.last()?.get(&name(attr?)?)?
    }

    fn find_live(&mut self) {
        loop {
            let is_live = |index: &usize| self.bindings[*index].is_live;
            let is_needed =
                |binding: &Binding| !binding.is_live && binding.uses.iter().any(|it| it.iter().all(is_live));
            let needed: Vec<usize> =
                (0..self.bindings.len()).filter(|index| is_needed(&self.bindings[*index])).collect();
            if needed.is_empty() {
                return;
            }
            needed.into_iter().for_each(|index| self.bindings[index].is_live = true);
        }
    }
}

/// The attributes by which names come into a scope: the first ones of paths, and those that are inherited.
fn bound<N: HasEntry>(set: &N) -> impl Iterator<Item = Attr> {
    set.entries().flat_map(|entry| match entry {
        Entry::AttrpathValue(it) => it.attrpath().into_iter().flat_map(|path| path.attrs().take(1)).collect::<Vec<_>>(),
        Entry::Inherit(it) => it.attrs().collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dead(text: &str) -> String {
        let parsed = Root::parse(text);
        assert_eq!(parsed.errors(), [], "{text}");
        let findings = dead_code("x.nix", text, &parsed.tree());
        let names = findings.iter().map(|finding| {
            let quoted = finding.message.split('`').nth(1).unwrap();
            format!("{}:{} {quoted}", finding.line.unwrap(), finding.column.unwrap())
        });
        names.collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn a_name_is_dead_when_nothing_needs_it() {
        let cases = [
            // `let`
            ("let a = 1; in a", ""),
            ("let a = 1; b = 2; in b", "1:5 a"),
            ("let\n  a = 1;\n  b = a;\nin\nb", ""),
            ("let a = b; b = a; in 1", "1:5 a, 1:12 b"),
            ("let f = n: f (n - 1); in 1", "1:5 f"),
            ("let f = n: f (n - 1); in f 3", ""),
            ("let a = 1; b = a; in 1", "1:5 a, 1:12 b"),
            ("let a = let c = 1; in c; in 1", "1:5 a"),
            ("let a = let c = 1; in 2; in 1", "1:5 a, 1:13 c"),
            ("let a = 1; in let b = a; in 2", "1:5 a, 1:19 b"),
            ("let in 1", "1:1 let"),
            ("let _a = b; b = 1; in 1", ""),
            ("let a.b = 1; a.c = 2; in 1", "1:5 a"),
            ("let a.b = 1; in a", ""),
            ("let \"a\" = 1; b = 2; in a + b", ""),
            ("let { a = 1; body = 2; }", ""),
            ("let b = 1; in let { a = b; b = 2; body = a; }", "1:5 b"),
            // Shadowing.
            ("let a = 1; in let a = 2; in a", "1:5 a"),
            ("let a = 1; in a: a", "1:5 a"),
            ("let a = 1; in { a }: a", "1:5 a"),
            ("let a = 1; in rec { a = 2; b = a; }", "1:5 a"),
            ("let a = 1; in { a = 2; b = a; }", ""),
            ("let a = 1; in (let a = 2; in a) + a", ""),
            ("a: a: a", "1:1 a"),
            // `inherit`
            ("let a = 1; in { inherit a; }", ""),
            ("let a = 1; in { inherit (b) a; }", "1:5 a"),
            ("let b = 1; in { inherit (b) a; }", ""),
            ("let a = 1; in rec { inherit a; b = a; }", ""),
            ("let inherit (x) a b; in a", "1:19 b"),
            ("let inherit (x) a b; x = 1; in 1", "1:17 a, 1:19 b, 1:22 x"),
            ("let inherit (x) a b; x = 1; in b", "1:17 a"),
            ("let a = 1; in let inherit a; in a", ""),
            ("let a = 1; in let inherit a; in 1", "1:5 a, 1:27 a"),
            ("let inherit (let c = 1; in { }) a b; in a + b", "1:18 c"),
            // Strings, paths, attributes.
            ("let a = 1; in \"${a}\"", ""),
            ("let a = 1; in \"\\${a} $${a}\"", "1:5 a"),
            ("let a = 1; in ''\n  ${a}\n''", ""),
            ("let a = 1; in ./x/${a}", ""),
            ("let a = 1; in { ${a} = 2; }", ""),
            ("let a = 1; in { \"x${a}\".b = 2; }", ""),
            ("let a = 1; in { a.a = 2; }", "1:5 a"),
            ("let a = 1; in b.a", "1:5 a"),
            ("let a = 1; in b.${a}", ""),
            ("let a = 1; in b ? a", "1:5 a"),
            ("let a = 1; in b ? ${a}", ""),
            ("let a = 1; c = 2; in a.b or c", ""),
            ("let a = 1; in rec { b = a; c = 1; }", ""),
            ("let a = 1; in a ? c", ""),
            ("let or = 1; a = 2; in a.b or a", "1:5 or"),
            // `with` is asked last.
            ("let a = 1; in with b; a", ""),
            ("let b = 1; in with b; a", ""),
            ("let a = 1; in with b; c", "1:5 a"),
            // Arguments.
            ("a: 1", "1:1 a"),
            ("_: _a: 1", ""),
            ("{ a, b }: b", "1:3 a"),
            ("{ a, b, ... }: b", "1:3 a"),
            ("{ a ? b, b }: a", ""),
            ("{ a ? b, b }: 1", "1:3 a, 1:10 b"),
            ("{ a ? a }: 1", "1:3 a"),
            ("{ a ? (b: 1) }: a", "1:8 b"),
            ("{ ... }: 1", ""),
            ("{ }: 1", ""),
            ("{ a, ... }@all: all", "1:3 a"),
            ("{ a }@all: all", ""),
            ("{ a, ... }@all: a", "1:12 @all"),
            ("all@{ a }: a", "1:1 @all"),
            ("{ a ? all.b, ... }@all: a", ""),
            ("{ _a }: 1", ""),
            ("let a = 1; in assert a; if a then a else -a", ""),
        ];
        for (text, expected) in cases {
            assert_eq!(dead(text), expected, "{text}");
        }
    }
}
