/// More names than this are not searched: an operator did not mistype one of ten thousand for a name that opsctl can guess,
/// and a file with as many mistakes must still be answered in time.
const MOST_NAMES: usize = 2_000;

/// The name that was probably meant.
pub(crate) fn similar<'a>(word: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if word.len() > 64 {
        return None;
    }
    let lower = word.to_lowercase();
    let mut best: Option<(usize, &str)> = None;
    for name in names.into_iter().take(MOST_NAMES).filter(|name| name.len() <= 64) {
        let distance = strsim::osa_distance(&lower, &name.to_lowercase());
        // One in three letters may be wrong: more is another word.
        let allowed = word.chars().count().max(name.chars().count()) / 3;
        if distance <= allowed && best.is_none_or(|(least, _)| distance < least) {
            best = Some((distance, name));
        }
    }
    best.map(|(_, name)| name)
}

/// Names in a row, the first few where they are many.
pub(crate) fn list<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    const MOST: usize = 12;
    let mut names = names.into_iter();
    let mut text = names.by_ref().take(MOST).collect::<Vec<_>>().join(", ");
    match names.count() {
        0 => {}
        more => text.push_str(&format!(", … ({more} more)")),
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_similar() {
        let names = ["replicas", "image", "restart"];
        assert_eq!(similar("replcias", names), Some("replicas"));
        assert_eq!(similar("Replicas", names), Some("replicas"));
        assert_eq!(similar("imgae", names), Some("image"));
        assert_eq!(similar("weight", names), None);
        assert_eq!(similar("x", ["y"]), None);
        assert_eq!(similar("X", ["x"]), Some("x"));
    }

    #[test]
    fn test_list() {
        assert_eq!(list(["a", "b"]), "a, b");
        assert_eq!(list(["a"; 14]), format!("{}, … (2 more)", ["a"; 12].join(", ")));
    }
}
