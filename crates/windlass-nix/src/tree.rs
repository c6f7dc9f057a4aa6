//! What two readers of Nix's syntax tree need.

use rnix::SyntaxNode;
use rnix::ast::{AstNode, Attr, Expr, InterpolPart, Str};

/// The node as one of the kind that is wanted.
pub(crate) fn cast<N: AstNode>(node: SyntaxNode) -> Option<N> {
    N::cast(node)
}

pub(crate) fn syntax<N: AstNode>(node: &N) -> &SyntaxNode {
    node.syntax()
}

/// Where a node begins, in bytes.
pub(crate) fn offset<N: AstNode>(node: &N) -> usize {
    syntax(node).text_range().start().into()
}

/// The name of an attribute; `None` if it is computed.
pub(crate) fn name(attr: &Attr) -> Option<String> {
    match attr {
        Attr::Ident(ident) => Some(ident.to_string()),
        Attr::Str(text) => literal(text),
        Attr::Dynamic(dynamic) => match dynamic.expr()? {
            Expr::Str(text) => literal(&text),
            _ => None,
        },
    }
}

/// The text of a string without interpolations.
pub(crate) fn literal(text: &Str) -> Option<String> {
    let part = |part| match part {
        InterpolPart::Literal(text) => Some(text),
        InterpolPart::Interpolation(_) => None,
    };
    text.normalized_parts().into_iter().map(part).collect()
}
