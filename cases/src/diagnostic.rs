//! Problems of a case file: what was found, where, what to do; all of them in one run.

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use std::ops::Range;

/// One problem of a case file.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem {
    /// What is wrong, lower case, concrete, no full stop.
    pub message: String,
    /// Where, as bytes of the text; `None` for a problem of the whole file or of a `--set`.
    pub span: Option<Range<usize>>,
    /// Short text at the caret.
    pub label: String,
    /// What to do.
    pub hint: Option<String>,
}

impl Problem {
    /// Problem at `span`.
    pub fn at(span: Option<Range<usize>>, message: impl Into<String>) -> Self {
        Self { message: message.into(), span, label: String::new(), hint: None }
    }

    /// The same problem with a text at the caret.
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// The same problem with a remedy.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// The work cannot go on.
    Error,
    /// The work goes on.
    Warning,
}

/// One problem of a line that was cut out of a large file.
///
/// - `name`: how the file is called; empty for a problem without place
/// - `line`: number of the line, from 1; `text`: its content, into which the span of the problem points
pub fn render_line(severity: Severity, name: &str, line: usize, text: &str, problem: &Problem) -> String {
    let level = match severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let snippet = problem.span.clone().filter(|_| !name.is_empty()).map(|span| {
        let mut mark = AnnotationKind::Primary.span(span);
        if !problem.label.is_empty() {
            mark = mark.label(problem.label.as_str());
        }
        Snippet::source(text).line_start(line).path(name).annotation(mark)
    });
    let mut group = level.primary_title(problem.message.as_str()).elements(snippet);
    if let Some(hint) = &problem.hint {
        group = group.element(Level::HELP.message(hint.as_str()));
    }
    format!("{}\n\n", Renderer::plain().render(&[group]))
}

/// The problems as text for the terminal, in the order of the file.
///
/// - `name`: how the file is called in the message (as the user typed it)
/// - `text`: its content
pub fn render(name: &str, text: &str, problems: &[Problem]) -> String {
    let mut ordered: Vec<&Problem> = problems.iter().collect();
    ordered.sort_by_key(|p| p.span.as_ref().map_or(usize::MAX, |s| s.start));
    let renderer = Renderer::plain();
    let mut out = String::new();
    for p in ordered {
        let mut group = Level::ERROR.primary_title(p.message.as_str()).elements(p.span.as_ref().map(|s| {
            let end = s.end.min(text.len()).max(s.start.min(text.len()));
            let start = s.start.min(end);
            let mut mark = AnnotationKind::Primary.span(start..end);
            if !p.label.is_empty() {
                mark = mark.label(p.label.as_str());
            }
            Snippet::source(text).path(name).fold(true).annotation(mark)
        }));
        if let Some(hint) = &p.hint {
            group = group.element(Level::HELP.message(hint.as_str()));
        }
        out.push_str(&renderer.render(&[group]));
        out.push_str("\n\n");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_is_shown_with_file_line_and_caret() {
        let text = "a = 1\nheigth = \"28 mm\"\n";
        let p = Problem::at(Some(6..12), "unknown entry `heigth`")
            .label("did you mean `height`?")
            .hint("see `dens new`");
        let shown = render("case.toml", text, &[p]);
        assert!(shown.contains("error: unknown entry `heigth`"), "{shown}");
        assert!(shown.contains("case.toml:2:1"), "{shown}");
        assert!(shown.contains("^^^^^^ did you mean `height`?"), "{shown}");
        assert!(shown.contains("see `dens new`"), "{shown}");
    }
}
