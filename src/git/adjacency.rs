//! The edges of a graph, by the number of the node at which they start.

/// The neighbors of each node. All lists are in one allocation.
pub(crate) struct Adjacency<T = u32> {
    /// The neighbors of node `n` are `neighbors[starts[n]..starts[n + 1]]`.
    starts: Vec<u32>,
    neighbors: Vec<T>,
}

impl<T> Default for Adjacency<T> {
    fn default() -> Self {
        Self { starts: vec![0], neighbors: Vec::new() }
    }
}

impl<T: Copy> Adjacency<T> {
    /// `edges` are pairs of a node below `nodes` and its neighbor. The neighbors of a node keep their order.
    pub fn new(nodes: usize, edges: impl Iterator<Item = (u32, T)> + Clone) -> Self {
        let mut starts = vec![0_u32; nodes + 1];
        for (node, _) in edges.clone() {
            starts[node as usize + 1] += 1;
        }
        for at in 1..starts.len() {
            starts[at] += starts[at - 1];
        }
        let Some((_, first)) = edges.clone().next() else { return Self { starts, neighbors: Vec::new() } };
        let mut free = starts.clone();
        // Every place is written below.
        let mut neighbors = vec![first; starts[nodes] as usize];
        for (node, neighbor) in edges {
            let slot = &mut free[node as usize];
            neighbors[*slot as usize] = neighbor;
            *slot += 1;
        }
        Self { starts, neighbors }
    }

    pub fn of(&self, node: u32) -> &[T] {
        let node = node as usize;
        &self.neighbors[self.starts[node] as usize..self.starts[node + 1] as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_node_has_its_neighbors_in_their_order() {
        let edges = [(2, 7), (0, 1), (2, 3), (2, 7)];
        let graph = Adjacency::new(4, edges.into_iter());
        assert_eq!([0, 1, 2, 3].map(|node| graph.of(node).to_vec()), [vec![1], vec![], vec![7, 3, 7], vec![]]);
        assert!(Adjacency::<u32>::new(1, std::iter::empty()).of(0).is_empty());
    }
}
