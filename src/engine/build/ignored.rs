//! `.dockerignore`: what of a folder is no part of a build's context.
//!
//! Its patterns look like those of `.gitignore` and mean something else: each begins at the context's root, and the
//! last one that matches a path or a folder above it has the word. So they are matched here, pattern by pattern.
//!
//! Source: the documentation of Docker's build context.

use std::path::{Component, Path};

use globset::{GlobBuilder, GlobMatcher};

/// The patterns of one file.
#[derive(Debug, Default)]
pub(super) struct Ignored {
    patterns: Vec<Pattern>,
}

#[derive(Debug)]
struct Pattern {
    matcher: GlobMatcher,
    /// What matches is part of the context after all.
    exception: bool,
}

impl Ignored {
    /// # Errors
    /// The first line that is no pattern, in words.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut patterns = Vec::new();
        for (index, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
            if line.starts_with('#') {
                continue;
            }
            let line = line.trim();
            let (exception, glob) = match line.strip_prefix('!') {
                Some(rest) => (true, rest.trim()),
                None => (false, line),
            };
            let Some(glob) = clean(glob) else { continue };
            let matcher = GlobBuilder::new(&glob)
                .literal_separator(true)
                .backslash_escape(true)
                .build()
                .map_err(|error| {
                    format!("line {} of .dockerignore is '{line}': {}", index + 1, error.kind())
                })?
                .compile_matcher();
            patterns.push(Pattern { matcher, exception });
        }
        Ok(Self { patterns })
    }

    /// Whether this path, relative to the context, is left out.
    pub(super) fn has(&self, path: &Path) -> bool {
        let matches = |pattern: &Pattern| {
            let mut above = path.ancestors().filter(|path| !path.as_os_str().is_empty());
            above.any(|path| pattern.matcher.is_match(path))
        };
        let last = self.patterns.iter().rev().find(|pattern| matches(pattern));
        last.is_some_and(|pattern| !pattern.exception)
    }

    /// Whether all below a folder that is left out is, too, so that nobody has to look.
    pub(super) fn is_plain(&self) -> bool {
        self.patterns.iter().all(|pattern| !pattern.exception)
    }
}

/// A pattern from the root on, without `.`, `..` and slashes at its ends; `None` where nothing is left. Alternatives in
/// braces are none of Docker's.
fn clean(pattern: &str) -> Option<String> {
    let mut steps: Vec<&str> = Vec::new();
    for part in Path::new(pattern).components() {
        match part {
            Component::Normal(step) => steps.push(step.to_str()?),
            Component::ParentDir => drop(steps.pop()),
            Component::CurDir | Component::RootDir | Component::Prefix(_) => {}
        }
    }
    let whole = steps.join("/").replace('{', "\\{").replace('}', "\\}");
    (!whole.is_empty()).then_some(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(patterns: &str, left_out: &[&str], kept: &[&str]) {
        let ignored = Ignored::parse(patterns).unwrap();
        for path in left_out {
            assert!(ignored.has(Path::new(path)), "{path} is left out by {patterns:?}");
        }
        for path in kept {
            assert!(!ignored.has(Path::new(path)), "{path} is kept by {patterns:?}");
        }
    }

    #[test]
    fn patterns_begin_at_the_root_and_the_last_one_that_matches_has_the_word() {
        check("# a comment\n\n", &[], &["a", "# a comment"]);
        check("temp", &["temp", "temp/a/b"], &["temporary", "a/temp"]);
        check("/temp/\n./log", &["temp/a", "log"], &["a/log"]);
        check("*/temp*", &["a/temporary.txt", "a/temp/b"], &["temp", "a/b/temp"]);
        check("temp?", &["tempa"], &["temp", "tempab"]);
        check("**/*.go", &["a.go", "a/b/c.go"], &["a.god"]);
        check("a/**/b", &["a/b", "a/x/y/b"], &["b"]);
        check("*.md\n!README.md", &["b.md"], &["README.md", "docs/a.md"]);
        check("*.md\n!README*.md\nREADME-secret.md", &["README-secret.md", "a.md"], &["README.md"]);
        check("node_modules\n!node_modules/kept", &["node_modules/a"], &["node_modules/kept/b"]);
        check("!kept\nkept", &["kept"], &[]);
        check("*\n!src", &["a", "b/c"], &["src", "src/a/b"]);
        check("a/../b", &["b"], &["a"]);
        check("{a,b}", &["{a,b}"], &["a", "b"]);
    }

    #[test]
    fn a_pattern_that_is_none_is_refused_with_its_line() {
        let error = Ignored::parse("a\n[b").unwrap_err();
        assert!(error.starts_with("line 2 of .dockerignore is '[b'"), "{error}");
    }
}
