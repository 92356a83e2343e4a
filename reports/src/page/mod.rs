//! Runs as one page for a browser: a table to sort and filter, plots to choose, nothing fetched from anywhere.

use crate::ensemble::{Ensemble, Variable};
use crate::quantity::Relation;
use serde_json::{Value, json};

/// The page; it holds its script, its style and its numbers.
pub fn html(e: &Ensemble, title: &str) -> String {
    let variable = |v: &Variable| {
        let values: Vec<Value> =
            v.values.iter().map(|x| if x.is_finite() { json!(x) } else { Value::Null }).collect();
        json!({
            "id": v.id,
            "label": v.heading(),
            "words": v.words,
            "values": values,
            "limit": v.limit.map(|l| l.0),
            "below": v.limit.map(|l| l.1 == Relation::AtMost),
        })
    };
    let data = json!({
        "runs": e.runs.iter().map(|r| json!([r.index, r.status, r.computed])).collect::<Vec<_>>(),
        "inputs": e.inputs.iter().map(variable).collect::<Vec<_>>(),
        "results": e.results.iter().filter(|r| r.range().is_some()).map(variable).collect::<Vec<_>>(),
    });
    // Within a script nothing may look like a tag.
    let data = data.to_string().replace('<', "\\u003c");
    let title = title.replace('&', "&amp;").replace('<', "&lt;");
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>{title}</title>\n<style>\n{}</style>\n</head>\n<body>\n\
         <h1>{title}</h1>\n<p id=\"summary\"></p>\n<div id=\"controls\"></div>\n<div id=\"plots\"></div>\n<div id=\"table\"></div>\n\
         <script>\nconst DATA = {data};\n{}</script>\n</body>\n</html>\n",
        include_str!("page.css"),
        include_str!("page.js"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ensemble::End;

    #[test]
    fn the_page_fetches_nothing_and_no_word_ends_its_script() {
        let end = End { index: 0, status: "ok".into(), computed: true };
        let e = Ensemble {
            name: "n".into(),
            runs: vec![end],
            inputs: vec![Variable::words("w", "w", &["</script><b>".into()])],
            results: vec![Variable::numbers("r", "r", "MPa", vec![1.5])],
        };
        let page = html(&e, "a < b");
        // The name of the SVG vocabulary is an address that nothing is fetched from.
        let plain = page.replace("http://www.w3.org/2000/svg", "");
        assert!(!plain.contains("http://") && !plain.contains("https://") && !plain.contains("src="));
        assert_eq!(page.matches("</script>").count(), 1);
        assert!(page.contains("a &lt; b"));
        assert!(page.contains("\"values\":[1.5]"));
    }
}
