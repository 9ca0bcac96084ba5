use std::collections::{BTreeMap, BTreeSet};

use super::words::width;

/// The addresses of one page without their instances (or patterns of them), each in at most `most` columns if that can be. Names stay
/// whole: parts in the middle of a path are left out, no more than must be, and none without which two addresses would read alike.
/// Kind and last name always stay, and of several parts between them one.
pub(crate) fn fold_apart<'a>(
    locals: impl IntoIterator<Item = &'a str>,
    most: usize,
    more: &str,
) -> BTreeMap<&'a str, String> {
    let mut alike: BTreeMap<(&str, usize), BTreeSet<Vec<&str>>> = BTreeMap::new();
    let all: BTreeSet<&str> = locals.into_iter().collect();
    for local in &all {
        let parts: Vec<&str> = local.split('/').collect();
        alike.entry((parts[0], parts.len())).or_default().insert(parts);
    }
    let orders: BTreeMap<(&str, usize), Vec<usize>> =
        alike.into_iter().map(|(key, paths)| (key, may_go(&paths))).collect();
    let fold = |local: &'a str| {
        let parts: Vec<&str> = local.split('/').collect();
        (local, folded(&parts, &orders[&(parts[0], parts.len())], most, more))
    };
    told_apart(all.into_iter().map(fold).collect())
}

/// The places that may be left out of all these paths, in that order, so that each still tells which it is. What all of them share says
/// least; then what contains all the rest (a zone, a namespace), and then from the name backwards.
fn may_go(paths: &BTreeSet<Vec<&str>>) -> Vec<usize> {
    let Some(first) = paths.first() else { return Vec::new() };
    let name = first.len() - 1;
    let mut places: Vec<usize> = (1..name.min(2)).chain((2..name).rev()).collect();
    places.sort_by_key(|&place| !paths.iter().all(|path| path[place] == first[place]));
    let mut gone = BTreeSet::new();
    places.retain(|&place| {
        gone.insert(place);
        let kept = |path: &Vec<&str>| -> Vec<String> {
            let kept = path.iter().enumerate().filter(|(place, _)| !gone.contains(place));
            kept.map(|(_, part)| (*part).to_owned()).collect()
        };
        let apart = paths.iter().map(kept).collect::<BTreeSet<_>>().len() == paths.len();
        if !apart {
            gone.remove(&place);
        }
        apart
    });
    places.truncate(name.saturating_sub(2).max(1));
    places
}

/// A path without as many of these places as it takes to be no longer than `most`.
fn folded(parts: &[&str], places: &[usize], most: usize, more: &str) -> String {
    let mut shown = parts.join("/");
    let mut kept: Vec<Option<&str>> = parts.iter().copied().map(Some).collect();
    for &place in places {
        if width(&shown) <= most {
            break;
        }
        kept[place] = None;
        let runs = kept.chunk_by(|a, b| a.is_none() && b.is_none());
        let shorter = runs.map(|run| run[0].unwrap_or(more)).collect::<Vec<_>>().join("/");
        // A short namespace may be shorter than what stands for it.
        if width(&shorter) < width(&shown) {
            shown = shorter;
        }
    }
    shown
}

/// Leaves whole what would read like another one after all: a part may itself be written like what stands for parts.
fn told_apart(mut folded: BTreeMap<&str, String>) -> BTreeMap<&str, String> {
    loop {
        let mut readers: BTreeMap<&str, usize> = BTreeMap::new();
        for shown in folded.values() {
            *readers.entry(shown).or_default() += 1;
        }
        let is_alike = |(local, shown): (&&'_ str, &String)| *local != shown && readers[shown.as_str()] > 1;
        let alike: Vec<bool> = folded.iter().map(is_alike).collect();
        if !alike.contains(&true) {
            return folded;
        }
        for ((local, shown), _) in folded.iter_mut().zip(alike).filter(|(_, alike)| *alike) {
            *shown = (*local).to_owned();
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn alone(local: &str, most: usize) -> String {
        fold_apart([local], most, "…").remove(local).unwrap()
    }

    #[test]
    fn test_names_stay_whole() {
        let at = "route53-record/Z123456/live.example.com/CNAME/west";
        assert_eq!(alone(at, 60), at);
        assert_eq!(alone(at, 45), "route53-record/…/live.example.com/CNAME/west");
        assert_eq!(alone(at, 40), "route53-record/…/live.example.com/…/west");
        assert_eq!(alone(at, 5), "route53-record/…/live.example.com/…/west");
        assert_eq!(alone("deployment/cdn/ats-edge", 5), "deployment/…/ats-edge");
        assert_eq!(alone("deployment/a/b", 5), "deployment/a/b");
        assert_eq!(alone("vpc/name", 2), "vpc/name");
        assert_eq!(alone("lonely", 2), "lonely");
    }

    #[test]
    fn test_what_tells_apart_stays() {
        let all = [
            "route53-record/Z123456/live.example.com/CNAME/west",
            "route53-record/Z123456/live.example.com/CNAME/east",
            "route53-record/Z123456/api.example.com/CNAME/west",
            "deployment/data/minio",
            "deployment/media/minio",
            "deployment/media/packager",
        ];
        let folded = fold_apart(all, 5, "…");
        assert_eq!(
            all.map(|at| folded[at].as_str()),
            [
                "route53-record/…/live.example.com/…/west",
                "route53-record/…/live.example.com/…/east",
                "route53-record/…/api.example.com/…/west",
                "deployment/data/minio",
                "deployment/media/minio",
                "deployment/media/packager",
            ]
        );
    }

    #[test]
    fn test_a_part_that_reads_like_a_fold() {
        let all = ["object/bucket/.../name", "object/a-long-bucket/a-long-folder/name"];
        let folded = fold_apart(all, 5, "...");
        assert_eq!(folded.values().collect::<BTreeSet<_>>().len(), 2, "{folded:?}");
    }

    proptest! {
        /// Whatever the room, two addresses never read alike, and their names stay.
        #[test]
        fn test_distinct_addresses_are_shown_distinct(
            all in prop::collection::btree_set("(aa|bb)(/(a|bb|long-one|longer-than-it|\\.\\.\\.)){1,5}", 1..24),
            most in 0_usize..60,
        ) {
            let folded = fold_apart(all.iter().map(String::as_str), most, "...");
            prop_assert_eq!(folded.len(), all.len());
            let shown: BTreeSet<&String> = folded.values().collect();
            prop_assert_eq!(shown.len(), all.len(), "{:?}", folded);
            for (local, shown) in &folded {
                let ends = |text: &str| (text.split('/').next().map(str::to_owned), text.rsplit('/').next().map(str::to_owned));
                prop_assert_eq!(ends(local), ends(shown));
                prop_assert!(width(shown) <= width(local));
                prop_assert!(width(local) > most || local == shown);
            }
        }
    }
}
