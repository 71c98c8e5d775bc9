//! Makes a script or a style sheet shorter without changing what it means: for the text files of
//! this project, not for every script there is.
//!
//! What goes: comments that have their lines to themselves, and white space at the ends of lines
//! and beside marks. What is quoted stays as it is. A slash is never taken for the beginning of a
//! regular expression, so that none may hold a quotation mark or white space.

/// Beside these, JavaScript needs no white space.
const SCRIPT_MARKS: &str = "{}()[];:,=<>?&|";
/// Beside these, CSS needs none.
const STYLE_MARKS: &str = "{};:,";

/// A shorter script. A line that ends without a mark stays a line, because its end may end a
/// statement.
pub(crate) fn script(text: &str) -> String {
    let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    squeeze(code, SCRIPT_MARKS)
}

/// A shorter style sheet.
pub(crate) fn style(text: &str) -> String {
    let mut outside = true;
    let rules = text.lines().filter(|line| {
        let line = line.trim();
        outside &= !line.starts_with("/*");
        let keep = outside;
        outside |= line.ends_with("*/");
        keep
    });
    squeeze(rules, STYLE_MARKS).replace(";}", "}")
}

fn squeeze<'a>(lines: impl Iterator<Item = &'a str>, marks: &str) -> String {
    let mut out = String::new();
    let is_mark = |c: char| marks.contains(c);
    for line in lines.map(str::trim).filter(|line| !line.is_empty()) {
        // The end of the last line: kept where something may have ended there.
        let mut gap = match (out.chars().next_back(), line.chars().next()) {
            (None, _) => None,
            (Some(before), _) if is_mark(before) && !")]}".contains(before) => None,
            (_, Some(after)) if is_mark(after) && !"([".contains(after) => None,
            _ => Some('\n'),
        };
        let mut quoted = None;
        let mut escaped = false;
        for c in line.chars() {
            if let Some(quote) = quoted {
                out.push(c);
                quoted = (escaped || c != quote).then_some(quote);
                escaped = c == '\\' && !escaped;
            } else if c.is_whitespace() {
                gap = gap.or(Some(' '));
            } else {
                let apart = !is_mark(c) && !out.chars().next_back().is_some_and(is_mark);
                if let Some(gap) = gap.take().filter(|gap| *gap == '\n' || apart) {
                    out.push(gap);
                }
                out.push(c);
                quoted = "'\"`".contains(c).then_some(c);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_loses_comments_and_idle_space_and_keeps_what_is_quoted() {
        let text = "
            // Says hello.
            const greet = (name, loud) => {
              const text = `Hello,  ${name} : ` + 'it\\'s = \"fine\"';
              return loud ? text : null;
            };
            greet('a  b')
            const [one] = /a|b/.exec('b')
            (one)
        ";
        let expected = "const greet=(name,loud)=>{const text=`Hello,  ${name} : ` + 'it\\'s = \"fine\"';\
            return loud?text:null;};greet('a  b')\nconst[one]=/a|b/.exec('b')\n(one)";
        assert_eq!(script(text), expected);
    }

    #[test]
    fn a_style_sheet_loses_comments_and_keeps_the_space_between_values() {
        let text = "/* Two\n   lines. */\n:host([hidden]) { display: none }\n\na, b:is(c, d) e {\n  margin: 0 auto;\n  \
            font: 1em/2 \"A  B\";\n}\n";
        let expected = ":host([hidden]){display:none}\na,b:is(c,d) e{margin:0 auto;font:1em/2 \"A  B\"}";
        assert_eq!(style(text), expected);
    }
}
