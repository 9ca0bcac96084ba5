use super::screen::{Ink, Screen};
use super::words::{clean, count};

/// What could not be read, and why, a line each. What an instance does not tell of for one reason is one line where not all is told:
/// a region that is gone is one piece of news.
pub(super) fn unread<'a>(all: impl IntoIterator<Item = &'a (String, String)>, screen: &Screen) -> String {
    let mut alike: Vec<(&str, &str, Vec<&str>)> = Vec::new();
    for (at, why) in all {
        let instance = at.split_once(':').map_or(at.as_str(), |(instance, _)| instance);
        let known = alike.iter_mut().find(|known| !screen.verbose && (known.0, known.1) == (instance, why.as_str()));
        match known {
            Some((.., all)) => all.push(at),
            None => alike.push((instance, why, vec![at])),
        }
    }
    let line = |(instance, why, all): (&str, &str, Vec<&str>)| {
        let what = match all.as_slice() {
            [at] => (*at).to_owned(),
            all => format!("{instance}: {}", count(all.len(), "resource")),
        };
        format!("{}\n", screen.paint(Ink::Attention, &format!("{what} could not be read: {}", clean(why))))
    };
    alike.into_iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::super::fixture::PLAIN;
    use super::*;

    #[test]
    fn test_a_region_that_is_gone_is_one_line() {
        let all = [
            ("east:asg/web", "unreachable: refused"),
            ("east:secret/db", "denied: no"),
            ("east:rds-instance/db", "unreachable: refused"),
            ("west:asg/web", "unreachable: refused"),
        ];
        let all = all.map(|(at, why)| (at.to_owned(), why.to_owned()));
        insta::assert_snapshot!(unread(&all, &PLAIN), @"
        east: 2 resources could not be read: unreachable: refused
        east:secret/db could not be read: denied: no
        west:asg/web could not be read: unreachable: refused
        ");
        let verbose = Screen { verbose: true, ..PLAIN };
        assert_eq!(unread(&all, &verbose).lines().count(), 4);
    }
}
