//! Which module uses which.

use std::collections::{BTreeMap, BTreeSet};

/// Every module and those that it uses.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Graph {
    /// A module without arrows has an empty set.
    pub arrows: BTreeMap<String, BTreeSet<String>>,
}

impl Graph {
    /// Adds both modules and the arrow between them.
    pub fn add(&mut self, from: &str, to: &str) {
        self.arrows.entry(to.to_owned()).or_default();
        self.arrows
            .entry(from.to_owned())
            .or_default()
            .insert(to.to_owned());
    }

    /// What is here and not in `other`, as pairs.
    #[must_use]
    pub fn without(&self, other: &Self) -> Vec<(&str, &str)> {
        self.pairs()
            .filter(|(from, to)| !other.arrows.get(*from).is_some_and(|all| all.contains(*to)))
            .collect()
    }

    /// Every arrow.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.arrows
            .iter()
            .flat_map(|(from, all)| all.iter().map(move |to| (from.as_str(), to.as_str())))
    }

    /// The shortest way from a module back to itself, for the first module that has one.
    #[must_use]
    pub fn cycle(&self) -> Option<Vec<&str>> {
        let mut shortest: Option<Vec<&str>> = None;
        for start in self.arrows.keys() {
            if let Some(way) = self.way_back(start)
                && shortest.as_ref().is_none_or(|s| way.len() < s.len())
            {
                shortest = Some(way);
            }
        }
        shortest
    }

    /// Breadth first.
    fn way_back(&self, start: &str) -> Option<Vec<&str>> {
        let (start, _) = self.arrows.get_key_value(start)?;
        let mut came_from: BTreeMap<&str, &str> = BTreeMap::new();
        let mut queue = std::collections::VecDeque::from([start.as_str()]);
        while let Some(at) = queue.pop_front() {
            for to in self.arrows.get(at).into_iter().flatten() {
                if to == start {
                    let mut way = vec![start.as_str(), at];
                    let mut step = at;
                    while let Some(before) = came_from.get(step) {
                        way.push(before);
                        step = before;
                    }
                    if at == start {
                        way = vec![start.as_str(), start.as_str()];
                    }
                    way.reverse();
                    return Some(way);
                }
                if !came_from.contains_key(to.as_str()) {
                    came_from.insert(to, at);
                    queue.push_back(to);
                }
            }
        }
        None
    }

    /// All modules; each after those that it uses, where that is possible.
    #[must_use]
    pub fn order(&self) -> Vec<&str> {
        let mut left: BTreeSet<&str> = self.arrows.keys().map(String::as_str).collect();
        let mut order = Vec::new();
        while !left.is_empty() {
            let free: Vec<&str> = left
                .iter()
                .copied()
                .filter(|module| {
                    let uses = &self.arrows[*module];
                    uses.iter().all(|to| !left.contains(to.as_str()))
                })
                .collect();
            if free.is_empty() {
                // A cycle: the rest by name.
                order.extend(&left);
                break;
            }
            for module in &free {
                left.remove(module);
            }
            order.extend(free);
        }
        order
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(pairs: &[(&str, &str)]) -> Graph {
        let mut graph = Graph::default();
        for (from, to) in pairs {
            graph.add(from, to);
        }
        graph
    }

    #[test]
    fn the_shortest_cycle_is_found() {
        let mut it = graph(&[("a", "b"), ("b", "c"), ("a", "c")]);
        assert_eq!(it.cycle(), None);
        assert_eq!(it.order(), ["c", "b", "a"]);
        it.add("c", "a");
        assert_eq!(it.cycle(), Some(vec!["a", "c", "a"]));
        it.add("b", "b");
        assert_eq!(it.cycle(), Some(vec!["b", "b"]));
    }

    #[test]
    fn a_cycle_of_three_is_told_in_its_direction() {
        let it = graph(&[("a", "b"), ("b", "c"), ("c", "a"), ("d", "a")]);
        assert_eq!(it.cycle(), Some(vec!["a", "b", "c", "a"]));
    }
}
