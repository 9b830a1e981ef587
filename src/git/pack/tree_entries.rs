//! The entries of a tree. Of one that is a delta against another only those are read which that one has not.

use gix::error::corruption;
use gix::hash::oid;
use memchr::memchr;

use crate::git::pack::delta::{Delta, Step};

/// What a folder has.
pub(crate) struct TreeEntry<'t> {
    pub name: &'t [u8],
    pub id: &'t oid,
    pub is_submodule: bool,
}

/// Where each entry of a tree starts, and behind these where the last one ends.
pub(crate) struct Entries(Vec<usize>);

impl Entries {
    /// Shows each entry of `tree`, whose ids have `id_len` bytes.
    pub fn read(tree: &[u8], id_len: usize, see: &mut dyn FnMut(&TreeEntry<'_>)) -> gix::Result<Self> {
        let mut starts = vec![0];
        let mut start = 0;
        while start < tree.len() {
            let name_end = memchr(0, &tree[start..]).ok_or_else(cut_short)?;
            let end = start + name_end + 1 + id_len;
            see(&entry(tree.get(start..end).ok_or_else(cut_short)?, id_len)?);
            start = end;
            starts.push(start);
        }
        Ok(Self(starts))
    }

    /// Shows each entry of what comes of a delta against `base`, of which these are the entries, except those that are
    /// copied whole. What comes of it is of use only where that is `wanted`.
    pub fn after(
        &self,
        base: &[u8],
        delta: &Delta<'_>,
        wanted: bool,
        id_len: usize,
        see: &mut dyn FnMut(&TreeEntry<'_>),
    ) -> gix::Result<Self> {
        let mut reader = Reader { starts: Vec::new(), wanted, at: 0, begun: Vec::new(), id_len, see };
        let mut read = Ok(());
        delta.steps(base.len(), |step| {
            if read.is_ok() {
                read = match step {
                    Step::Copy { from, len } => reader.copy(base, &self.0, from, len),
                    Step::Insert { from, len } => reader.insert(&delta.text[from..from + len]),
                };
            }
        })?;
        read?;
        if !reader.begun.is_empty() {
            return Err(cut_short().into());
        }
        reader.starts.push(reader.at);
        Ok(Self(reader.starts))
    }
}

/// Puts a tree together that is not made.
struct Reader<'s> {
    /// Where the entries so far start, if that is wanted.
    starts: Vec<usize>,
    wanted: bool,
    /// Where the next one starts.
    at: usize,
    /// What there is of it so far.
    begun: Vec<u8>,
    id_len: usize,
    see: &'s mut dyn FnMut(&TreeEntry<'_>),
}

impl Reader<'_> {
    fn insert(&mut self, bytes: &[u8]) -> gix::Result<()> {
        let mut rest = bytes;
        while !rest.is_empty() {
            rest = &rest[self.go_on(rest)?..];
        }
        Ok(())
    }

    /// Takes `len` bytes of `base` at `from`, where the entries of `base` begin at `starts`.
    fn copy(&mut self, base: &[u8], starts: &[usize], from: usize, len: usize) -> gix::Result<()> {
        let (mut from, end) = (from, from + len);
        while from < end {
            if self.begun.is_empty()
                && let Ok(first) = starts.binary_search(&from)
            {
                // An entry begins here in both: from here on they are alike.
                let last = first + starts[first..].partition_point(|&start| start <= end) - 1;
                if self.wanted {
                    self.starts.extend(starts[first..last].iter().map(|start| start - from + self.at));
                }
                self.at += starts[last] - from;
                self.begun.extend_from_slice(&base[starts[last]..end]);
                return Ok(());
            }
            from += self.go_on(&base[from..end])?;
        }
        Ok(())
    }

    /// Takes more of the entry that was begun, to its end at most, and says how many bytes that were.
    fn go_on(&mut self, bytes: &[u8]) -> gix::Result<usize> {
        let begun = self.begun.len();
        let name_end = memchr(0, &self.begun).or_else(|| memchr(0, bytes).map(|at| begun + at));
        let end = name_end.map(|at| at + 1 + self.id_len);
        let taken = end.map_or(bytes.len(), |end| bytes.len().min(end - begun));
        self.begun.extend_from_slice(&bytes[..taken]);
        if end == Some(self.begun.len()) {
            (self.see)(&entry(&self.begun, self.id_len)?);
            if self.wanted {
                self.starts.push(self.at);
            }
            self.at += self.begun.len();
            self.begun.clear();
        }
        Ok(taken)
    }
}

/// The entry that `bytes` are, of a mode, a space, a name, NUL and an id. A third of the time that gix takes, which checks more.
fn entry(bytes: &[u8], id_len: usize) -> gix::Result<TreeEntry<'_>> {
    let (header, id) = bytes.split_at(bytes.len() - id_len);
    let space = header.iter().take(7).position(|&b| b == b' ').ok_or_else(cut_short)?;
    let (mode, name) = (&header[..space], &header[space + 1..header.len() - 1]);
    let is_mode = !mode.is_empty() && mode.iter().all(|b| (b'0'..=b'7').contains(b));
    let id = oid::from_bytes_unchecked(id);
    let entry = TreeEntry { name, id, is_submodule: mode == b"160000" };
    if is_mode && !name.is_empty() { Ok(entry) } else { Err(cut_short().into()) }
}

fn cut_short() -> gix::error::Message {
    corruption("it is no tree to its end")
}

#[cfg(test)]
#[allow(clippy::cast_possible_truncation)] // sizes here are small
mod tests {
    use super::*;
    use crate::random::Dice;

    const ID_LEN: usize = 20;

    fn tree(entries: &[(String, u8)]) -> Vec<u8> {
        let one = |(name, id): &(String, u8)| [format!("100644 {name}\0").as_bytes(), &[*id; ID_LEN]].concat();
        entries.iter().flat_map(one).collect()
    }

    /// Some delta that makes `new` of `old`: copies of what they share, in pieces, and the rest inserted.
    fn delta(old: &[u8], new: &[u8], dice: &mut Dice) -> Vec<u8> {
        let size = |len: usize| [0x80 | (len & 0x7f) as u8, (len >> 7) as u8];
        let mut delta = [size(old.len()), size(new.len())].concat();
        let mut at = 0;
        while at < new.len() {
            let wanted = 1 + dice.roll() as usize % 90;
            let piece = &new[at..new.len().min(at + wanted)];
            match old.windows(piece.len()).position(|window| window == piece) {
                Some(from) => delta.extend([0x93, from as u8, (from >> 8) as u8, piece.len() as u8]),
                None => {
                    delta.push(piece.len() as u8);
                    delta.extend_from_slice(piece);
                }
            }
            at += piece.len();
        }
        delta
    }

    /// The names with the first byte of their ids, and where the entries start.
    type Seen = (Vec<(Vec<u8>, u8)>, Vec<usize>);

    fn whole(tree: &[u8]) -> Option<Seen> {
        let mut seen = Vec::new();
        let read = Entries::read(tree, ID_LEN, &mut |one| seen.push((one.name.to_vec(), one.id.as_bytes()[0])));
        read.ok().map(|entries| (seen, entries.0))
    }

    fn after(old: &[u8], new: &[u8], dice: &mut Dice) -> Option<Seen> {
        let older = Entries::read(old, ID_LEN, &mut |_| {}).expect("a tree");
        let delta = delta(old, new, dice);
        let delta = Delta::parse(&delta).expect("a delta");
        let mut seen = Vec::new();
        let read =
            older.after(old, &delta, true, ID_LEN, &mut |one| seen.push((one.name.to_vec(), one.id.as_bytes()[0])));
        read.ok().map(|entries| (seen, entries.0))
    }

    #[test]
    fn what_a_delta_brings_is_seen_and_the_rest_known() {
        let mut dice = Dice::new(11);
        let mut skipped = 0;
        for _ in 0..2000 {
            let mut entries: Vec<(String, u8)> =
                (0..dice.roll() % 30).map(|at| (format!("{at}{}", "n".repeat(dice.roll() as usize % 9)), 9)).collect();
            let old = tree(&entries);
            for _ in 0..dice.roll() % 4 {
                let at = dice.roll() as usize % (entries.len() + 1);
                match dice.roll() % 3 {
                    0 => entries.insert(at, ("new".to_owned(), dice.roll() as u8)),
                    1 if at < entries.len() => drop(entries.remove(at)),
                    _ => entries.iter_mut().skip(at).take(1).for_each(|entry| entry.1 = 1),
                }
            }
            let new = tree(&entries);
            let (seen, starts) = after(&old, &new, &mut dice).expect("a tree");
            let (all, wanted) = whole(&new).expect("a tree");
            assert_eq!(starts, wanted);
            let known = whole(&old).expect("a tree").0;
            assert!(seen.iter().all(|one| all.contains(one)));
            assert!(all.iter().all(|one| known.contains(one) || seen.contains(one)), "{all:?} {seen:?}");
            skipped += all.len() - seen.len();
        }
        assert!(skipped > 9_000, "only what is new is read: {skipped}");
    }

    #[test]
    fn what_is_no_tree_is_refused_however_it_is_kept() {
        let mut dice = Dice::new(12);
        let names: Vec<(String, u8)> = (0..9).map(|at| (format!("name {at}"), at)).collect();
        let old = tree(&names);
        for cut in 1..old.len() {
            let new = &old[..cut];
            assert_eq!(after(&old, new, &mut dice).is_some(), whole(new).is_some(), "{cut}");
        }
        for bad in ["", "100644", " name", "100644 ", "10x644 name", "100644_name", "1006441 name"] {
            let one = [bad.as_bytes(), &[0], &[1; ID_LEN]].concat();
            let new = [&old[..], &one[..]].concat();
            assert!(whole(&new).is_none() && after(&old, &new, &mut dice).is_none(), "{bad}");
        }
    }
}
