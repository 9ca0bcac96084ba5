use std::fmt;
use std::ops::Index;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde::ser::{Serialize, Serializer};

/// Something of each of a resource's settings, sorted by key.
///
/// A map that takes no more room than it has entries. There is one of these for each resource, and most have one entry or
/// two: a `BTreeMap` has room for eleven from the first one on.
#[derive(Clone, PartialEq, Eq)]
pub struct Settings<V>(Vec<(String, V)>);

impl<V> Settings<V> {
    /// Nothing of no setting.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// How many settings there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What there is of a setting.
    pub fn get(&self, key: &str) -> Option<&V> {
        self.find(key).ok().map(|at| &self.0[at].1)
    }

    /// The same, to be changed.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut V> {
        self.find(key).ok().map(|at| &mut self.0[at].1)
    }

    /// Whether there is anything of a setting.
    pub fn contains_key(&self, key: &str) -> bool {
        self.find(key).is_ok()
    }

    /// Sets what there is of a setting; gives what there was.
    pub fn insert(&mut self, key: String, value: V) -> Option<V> {
        match self.find(&key) {
            Ok(at) => Some(std::mem::replace(&mut self.0[at].1, value)),
            Err(at) => {
                self.0.reserve_exact(1);
                self.0.insert(at, (key, value));
                None
            }
        }
    }

    /// Takes out what there is of a setting.
    pub fn remove(&mut self, key: &str) -> Option<V> {
        self.find(key).ok().map(|at| self.0.remove(at).1)
    }

    /// What there is of a setting; where there is nothing, this is set.
    pub fn or_insert_with(&mut self, key: &str, value: impl FnOnce() -> V) -> &mut V {
        let at = match self.find(key) {
            Ok(at) => at,
            Err(at) => {
                self.0.reserve_exact(1);
                self.0.insert(at, (key.to_owned(), value()));
                at
            }
        };
        &mut self.0[at].1
    }

    /// What there is of a setting; where there is nothing, its default is set.
    pub fn or_default(&mut self, key: &str) -> &mut V
    where
        V: Default,
    {
        self.or_insert_with(key, V::default)
    }

    /// Keeps only what a test says yes to.
    pub fn retain(&mut self, mut test: impl FnMut(&str, &mut V) -> bool) {
        self.0.retain_mut(|(key, value)| test(key, value));
    }

    /// All, sorted by key.
    pub fn iter(&self) -> SettingsIter<'_, V> {
        self.0.iter().map(|(key, value)| (key, value))
    }

    /// All keys, sorted.
    pub fn keys(&self) -> impl ExactSizeIterator<Item = &String> + DoubleEndedIterator {
        self.0.iter().map(|(key, _)| key)
    }

    /// All values, sorted by key.
    pub fn values(&self) -> impl ExactSizeIterator<Item = &V> + DoubleEndedIterator {
        self.0.iter().map(|(_, value)| value)
    }

    /// All values, to be changed.
    pub fn values_mut(&mut self) -> impl ExactSizeIterator<Item = &mut V> {
        self.0.iter_mut().map(|(_, value)| value)
    }

    fn find(&self, key: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|(known, _)| known.as_str().cmp(key))
    }
}

/// The entries of [`Settings`].
pub type SettingsIter<'a, V> =
    std::iter::Map<std::slice::Iter<'a, (String, V)>, fn(&'a (String, V)) -> (&'a String, &'a V)>;

impl<V> Default for Settings<V> {
    fn default() -> Self {
        Self::new()
    }
}

impl<V: fmt::Debug> fmt::Debug for Settings<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl<V> Index<&str> for Settings<V> {
    type Output = V;

    /// # Panics
    /// There is nothing of the setting: for tests.
    fn index(&self, key: &str) -> &V {
        match self.find(key) {
            Ok(at) => &self.0[at].1,
            Err(_) => unknown(key),
        }
    }
}

#[allow(clippy::panic, reason = "indexing a map panics for an unknown key, as std's maps do")]
fn unknown(key: &str) -> ! {
    panic!("no setting {key}")
}

/// Of two entries of one key the later one counts.
impl<V> FromIterator<(String, V)> for Settings<V> {
    fn from_iter<I: IntoIterator<Item = (String, V)>>(iter: I) -> Self {
        let mut all: Vec<(String, V)> = iter.into_iter().collect();
        // Stable, so that the later one of two stays the later.
        all.sort_by(|(a, _), (b, _)| a.cmp(b));
        all.dedup_by(|later, earlier| {
            let same = later.0 == earlier.0;
            if same {
                std::mem::swap(&mut later.1, &mut earlier.1);
            }
            same
        });
        all.shrink_to_fit();
        Self(all)
    }
}

impl<V, const N: usize> From<[(String, V); N]> for Settings<V> {
    fn from(all: [(String, V); N]) -> Self {
        all.into_iter().collect()
    }
}

impl<V> Extend<(String, V)> for Settings<V> {
    fn extend<I: IntoIterator<Item = (String, V)>>(&mut self, iter: I) {
        for (key, value) in iter {
            self.insert(key, value);
        }
    }
}

impl<V> IntoIterator for Settings<V> {
    type Item = (String, V);
    type IntoIter = std::vec::IntoIter<(String, V)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a, V> IntoIterator for &'a Settings<V> {
    type Item = (&'a String, &'a V);
    type IntoIter = SettingsIter<'a, V>;

    fn into_iter(self) -> SettingsIter<'a, V> {
        self.iter()
    }
}

impl<V: Serialize> Serialize for Settings<V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl<'de, V: Deserialize<'de>> Deserialize<'de> for Settings<V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read<V>(std::marker::PhantomData<V>);

        impl<'de, V: Deserialize<'de>> Visitor<'de> for Read<V> {
            type Value = Settings<V>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map of settings")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Settings<V>, A::Error> {
                let mut all = Vec::with_capacity(map.size_hint().unwrap_or(0).min(64));
                while let Some(entry) = map.next_entry()? {
                    all.push(entry);
                }
                Ok(all.into_iter().collect())
            }
        }

        deserializer.deserialize_map(Read(std::marker::PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn test_the_later_one_counts() {
        let settings = Settings::from([("b".to_owned(), 1), ("a".to_owned(), 2), ("b".to_owned(), 3)]);
        assert_eq!(settings.iter().collect::<Vec<_>>(), [(&"a".to_owned(), &2), (&"b".to_owned(), &3)]);
        assert_eq!(serde_json::to_string(&settings).unwrap(), r#"{"a":2,"b":3}"#);
        assert_eq!(serde_json::from_str::<Settings<i32>>(r#"{"b":3,"a":2}"#).unwrap(), settings);
    }

    proptest! {
        #[test]
        fn test_as_a_map(entries in proptest::collection::vec(("[a-d]{1,2}", 0..9), 0..12), key in "[a-d]{1,2}") {
            let mut map: BTreeMap<String, i32> = entries.iter().cloned().collect();
            let mut settings: Settings<i32> = entries.iter().cloned().collect();
            let mut one_by_one = Settings::new();
            one_by_one.extend(entries);
            prop_assert_eq!(&settings, &one_by_one);
            prop_assert_eq!(settings.get(&key), map.get(&key));
            prop_assert_eq!(settings.contains_key(&key), map.contains_key(&key));
            prop_assert_eq!(settings.remove(&key), map.remove(&key));
            *settings.or_default(&key) += 1;
            *map.entry(key).or_default() += 1;
            settings.retain(|key, _| key != "a");
            map.retain(|key, _| key != "a");
            prop_assert_eq!(settings.keys().collect::<Vec<_>>(), map.keys().collect::<Vec<_>>());
            prop_assert_eq!(settings.into_iter().collect::<Vec<_>>(), map.into_iter().collect::<Vec<_>>());
        }
    }
}
