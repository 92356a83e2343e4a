//! Parameter files of Dakota: standard, APREPRO and JSON, one evaluation or a batch of them.

use crate::failure::Failure;
use serde_json::Value as Json;
use std::fs;
use std::path::Path;

/// Value of a variable as it arrived.
#[derive(Debug, Clone, PartialEq)]
pub enum Given {
    /// Number.
    Number(f64),
    /// Word of a discrete set.
    Word(String),
}

/// What Dakota asks in one evaluation.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluation {
    /// Its number as Dakota writes it.
    pub id: String,
    /// Names and values, in order.
    pub variables: Vec<(String, Given)>,
    /// Names with what is asked: 1 value, 2 gradient, 4 Hessian, and their sums.
    pub responses: Vec<(String, u32)>,
}

/// Reads a parameter file, which must not change meanwhile.
///
/// # Errors
/// A file that cannot be read, changes, or is of none of the three formats; exit 2.
pub fn read(path: &Path) -> Result<Vec<Evaluation>, Failure> {
    let shown = path.display();
    let once = || fs::read_to_string(path).map_err(|e| Failure::input(format!("cannot read `{shown}`: {e}")));
    let text = once()?;
    let found = parse(&text).map_err(|e| {
        Failure::input(format!(
            "`{shown}` is no parameter file of Dakota: {e}\n  = hint: parameters_format json, standard or aprepro"
        ))
    })?;
    // Two evaluations at once on one file name would overwrite each other.
    if once()? != text {
        return Err(Failure::input(format!(
            "`{shown}` changed while it was read: two evaluations use one file\n  = hint: write `file_tag` or `work_directory` in the interface block"
        )));
    }
    Ok(found)
}

/// The evaluations of a text.
///
/// # Errors
/// What is wrong, with its line.
pub fn parse(text: &str) -> Result<Vec<Evaluation>, String> {
    let found = match text.trim_start().chars().next() {
        None => return Err("it is empty".into()),
        Some('{') if text.contains("DAKOTA_VARS") => listed(text, true)?,
        Some('{' | '[') => json(text)?,
        Some(_) => listed(text, false)?,
    };
    for e in &found {
        let twice =
            e.variables.iter().enumerate().find(|(i, v)| e.variables[..*i].iter().any(|w| w.0 == v.0));
        if let Some((_, (name, _))) = twice {
            return Err(format!("the variable `{name}` stands twice in evaluation {}", e.id));
        }
        if e.responses.is_empty() {
            return Err(format!("evaluation {} asks for no response", e.id));
        }
    }
    Ok(found)
}

/// Lines of `value tag`, or of `{ tag = value }`, with a count before each part.
struct Lines {
    /// Number of the line, value, tag.
    rest: Vec<(usize, String, String)>,
    at: usize,
}

impl Lines {
    fn next(&mut self) -> Result<(usize, &str, &str), String> {
        let (line, value, tag) = self.rest.get(self.at).ok_or("it ends too early")?;
        self.at += 1;
        Ok((*line, value, tag))
    }

    /// Number of the items of a part, whose count carries one of these tags.
    fn count(&mut self, tags: [&str; 2]) -> Result<usize, String> {
        let (line, value, tag) = self.next()?;
        if !tags.contains(&tag) {
            return Err(format!("line {line}: `{}` was expected, found `{tag}`", tags[0]));
        }
        value.parse().map_err(|_| format!("line {line}: `{value}` is no count"))
    }
}

fn listed(text: &str, aprepro: bool) -> Result<Vec<Evaluation>, String> {
    let mut rest = Vec::new();
    for (k, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() {
            continue;
        }
        let (value, tag) = if aprepro {
            let inside = line.strip_prefix('{').and_then(|l| l.strip_suffix('}'));
            let (tag, value) = inside
                .and_then(|l| l.split_once('='))
                .ok_or_else(|| format!("line {}: `{{ tag = value }}` was expected", k + 1))?;
            (value.trim(), tag.trim())
        } else if let Some(word) = line.strip_prefix('"') {
            let (value, tag) =
                word.split_once('"').ok_or_else(|| format!("line {}: a quote does not end", k + 1))?;
            (value, tag.trim())
        } else {
            line.split_once(char::is_whitespace)
                .map(|(v, t)| (v, t.trim()))
                .ok_or_else(|| format!("line {}: `value tag` was expected", k + 1))?
        };
        rest.push((k + 1, value.to_string(), tag.to_string()));
    }
    let mut lines = Lines { rest, at: 0 };
    let mut found = Vec::new();
    while lines.at < lines.rest.len() {
        found.push(one(&mut lines)?);
    }
    Ok(found)
}

fn one(lines: &mut Lines) -> Result<Evaluation, String> {
    let mut e = Evaluation { id: String::new(), variables: Vec::new(), responses: Vec::new() };
    for _ in 0..lines.count(["variables", "DAKOTA_VARS"])? {
        let (_, value, tag) = lines.next()?;
        e.variables.push((tag.to_string(), given(value)));
    }
    for _ in 0..lines.count(["functions", "DAKOTA_FNS"])? {
        let (line, value, tag) = lines.next()?;
        let asked = value.parse().map_err(|_| format!("line {line}: `{value}` is no active set"))?;
        e.responses.push((after_colon(tag).to_string(), asked));
    }
    for tags in [["derivative_variables", "DAKOTA_DER_VARS"], ["analysis_components", "DAKOTA_AN_COMPS"]] {
        for _ in 0..lines.count(tags)? {
            lines.next()?;
        }
    }
    let (line, value, tag) = lines.next()?;
    if !["eval_id", "DAKOTA_EVAL_ID"].contains(&tag) {
        return Err(format!("line {line}: `eval_id` was expected, found `{tag}`"));
    }
    e.id = value.to_string();
    // Newer versions add the numbers of metadata and of the like behind it.
    while lines
        .rest
        .get(lines.at)
        .is_some_and(|(_, _, tag)| !["variables", "DAKOTA_VARS"].contains(&tag.as_str()))
    {
        lines.at += 1;
    }
    Ok(e)
}

fn after_colon(tag: &str) -> &str {
    tag.split_once(':').map_or(tag, |(_, name)| name)
}

fn given(value: &str) -> Given {
    let bare = value.trim().trim_matches('"');
    match bare.parse::<f64>() {
        Ok(n) if n.is_finite() && bare == value.trim() => Given::Number(n),
        _ => Given::Word(bare.to_string()),
    }
}

fn json(text: &str) -> Result<Vec<Evaluation>, String> {
    // A batch is an array, or one object behind the other.
    let objects: Result<Vec<Json>, _> =
        serde_json::Deserializer::from_str(text).into_iter::<Json>().collect();
    let objects = objects.map_err(|e| e.to_string())?;
    let single = |o: Json| match o {
        Json::Array(items) => items,
        other => vec![other],
    };
    objects.into_iter().flat_map(single).map(|o| of_object(&o)).collect()
}

fn of_object(object: &Json) -> Result<Evaluation, String> {
    let list = |name: &str| object[name].as_array().ok_or_else(|| format!("it has no list `{name}`"));
    let label = |item: &Json| {
        let found = item["label"].as_str().or_else(|| item["descriptor"].as_str());
        found.map(str::to_string).ok_or_else(|| format!("an item without `label`: {item}"))
    };
    let variable = |item: &Json| {
        let value = match &item["value"] {
            Json::Number(n) => n.as_f64().filter(|v| v.is_finite()).map(Given::Number),
            Json::String(w) => Some(Given::Word(w.clone())),
            _ => None,
        };
        Ok((label(item)?, value.ok_or_else(|| format!("an item without usable `value`: {item}"))?))
    };
    let response = |item: &Json| {
        let asked = item["active_set"].as_u64().or_else(|| item["active_set"].as_str()?.parse().ok());
        let asked = asked.and_then(|n| u32::try_from(n).ok());
        Ok((label(item)?, asked.ok_or_else(|| format!("a response without `active_set`: {item}"))?))
    };
    Ok(Evaluation {
        id: object["eval_id"].as_str().map_or_else(|| object["eval_id"].to_string(), str::to_string),
        variables: list("variables")?.iter().map(variable).collect::<Result<_, String>>()?,
        responses: list("responses")?.iter().map(response).collect::<Result<_, String>>()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const STANDARD: &str = "                    2 variables\n 3.0000000000000004e-01 contact__friction\n \"keyak\" bone__cancellous_law\n                    2 functions\n 1 ASV_1:strut_stress\n 0 ASV_2:stiffness\n                    1 derivative_variables\n 1 DVV_1:contact__friction\n                    0 analysis_components\n                    7 eval_id\n";
    const APREPRO: &str = "                    { DAKOTA_VARS     =                      1 }\n                    { contact__friction = 3.0000000000000004e-01 }\n                    { DAKOTA_FNS      =                      1 }\n                    { ASV_1:strut_stress =                   1 }\n                    { DAKOTA_DER_VARS =                      0 }\n                    { DAKOTA_AN_COMPS =                      0 }\n                    { DAKOTA_EVAL_ID  =                      3 }\n";
    const JSON: &str = r#"{"variables":[{"label":"contact.friction","value":0.30000000000000004}],"responses":[{"label":"f","active_set":1}],"eval_id":"2"}"#;

    #[test]
    fn the_three_formats_give_what_was_sent() {
        let e = parse(STANDARD).expect("sound").remove(0);
        assert_eq!(e.variables[0], ("contact__friction".into(), Given::Number(0.30000000000000004)));
        assert_eq!(e.variables[1].1, Given::Word("keyak".into()));
        assert_eq!(e.responses, vec![("strut_stress".into(), 1), ("stiffness".into(), 0)]);
        assert_eq!(e.id, "7");
        let e = parse(APREPRO).expect("sound").remove(0);
        assert_eq!((e.id.as_str(), e.responses[0].0.as_str()), ("3", "strut_stress"));
        let e = parse(JSON).expect("sound").remove(0);
        assert_eq!(e.variables[0].1, Given::Number(0.30000000000000004));
    }

    #[test]
    fn a_batch_has_its_evaluations_in_order() {
        let ids = |text: &str| parse(text).expect("sound").into_iter().map(|e| e.id).collect::<Vec<_>>();
        let second = STANDARD.replace("7 eval_id", "8 eval_id");
        assert_eq!(ids(&format!("{STANDARD}{second}")), ["7", "8"]);
        let other = JSON.replace("\"2\"", "\"3\"");
        assert_eq!(ids(&format!("[{JSON},{other}]")), ["2", "3"]);
        assert_eq!(ids(&format!("{JSON}\n{other}")), ["2", "3"]);
    }

    #[test]
    fn what_is_no_parameter_file_is_told_with_its_line() {
        for (text, word) in [
            ("", "empty"),
            ("2 variables\n1.0 a\n", "too early"),
            ("x variables\n", "no count"),
            ("hello\n", "line 1"),
            ("{\"variables\": []}", "responses"),
            (
                "2 variables\n1 a\n2 a\n1 functions\n1 ASV_1:f\n0 derivative_variables\n0 analysis_components\n1 eval_id\n",
                "twice",
            ),
        ] {
            let said = parse(text).expect_err(text);
            assert!(said.contains(word), "{text}: {said}");
        }
    }
}
