//! The compact Thrift protocol, as far as it must be walked to know that what
//! it promises is there. Keeps nothing.

/// How deep structs and lists may lie in each other.
const DEEPEST: usize = 32;

/// Types of fields, as the protocol numbers them.
pub(super) mod kind {
    pub(in super::super) const I32: u8 = 5;
    pub(in super::super) const LIST: u8 = 9;
    pub(in super::super) const STRUCT: u8 = 12;
}

/// Bytes that are walked. Every step is `None` where they end, or say what
/// cannot be.
pub(super) struct Walk<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Walk<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// Bytes walked so far.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    fn byte(&mut self) -> Option<u8> {
        let byte = self.bytes.get(self.at).copied();
        self.at += 1;
        byte
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7F) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    /// A signed integer of any width.
    pub(super) fn integer(&mut self) -> Option<i64> {
        let value = self.varint()?;
        Some((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    fn pass(&mut self, count: u64) -> Option<()> {
        let end = self.at.checked_add(usize::try_from(count).ok()?)?;
        self.at = end;
        (end <= self.bytes.len()).then_some(())
    }

    /// Calls `visit(self, field, kind)` for each field of a struct; a field
    /// that it does not walk (`Some(false)`) is passed over.
    pub(super) fn fields(
        &mut self,
        depth: usize,
        visit: &mut dyn FnMut(&mut Self, i64, u8) -> Option<bool>,
    ) -> Option<()> {
        if depth > DEEPEST {
            return None;
        }
        let mut field = 0_i64;
        loop {
            let head = self.byte()?;
            if head == 0 {
                return Some(());
            }
            let (delta, kind) = (head >> 4, head & 0x0F);
            field = if delta == 0 { self.integer()? } else { field + i64::from(delta) };
            if !visit(self, field, kind)? {
                self.skip(kind, depth)?;
            }
        }
    }

    /// The number of elements of a list and their kind. Each has a byte at
    /// least.
    pub(super) fn list(&mut self) -> Option<(u64, u8)> {
        let head = self.byte()?;
        let count = if head >> 4 == 15 { self.varint()? } else { u64::from(head >> 4) };
        let left = self.bytes.len().saturating_sub(self.at) as u64;
        (count <= left).then_some((count, head & 0x0F))
    }

    fn skip(&mut self, kind: u8, depth: usize) -> Option<()> {
        if depth > DEEPEST {
            return None;
        }
        match kind {
            // Truth values are their kind.
            1 | 2 => Some(()),
            3 => self.pass(1),
            4..=6 => self.integer().map(drop),
            7 => self.pass(8),
            8 => {
                let count = self.varint()?;
                self.pass(count)
            }
            9 | 10 => {
                let (count, kind) = self.list()?;
                for _ in 0..count {
                    // In a list a truth value has a byte of its own.
                    if matches!(kind, 1 | 2) { self.pass(1)? } else { self.skip(kind, depth + 1)? }
                }
                Some(())
            }
            12 => self.fields(depth + 1, &mut |_, _, _| Some(false)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn walk(bytes: &[u8]) -> Option<usize> {
        let mut walk = Walk::new(bytes);
        walk.fields(0, &mut |_, _, _| Some(false))?;
        Some(walk.at())
    }

    #[test]
    fn what_is_promised_must_be_there() {
        // Field 1, an integer; field 2, a text of 3 bytes; the end.
        let bytes = [0x15, 0x04, 0x18, 3, b'a', b'b', b'c', 0];
        assert_eq!(walk(&bytes), Some(8));
        for len in 0..bytes.len() {
            assert_eq!(walk(&bytes[..len]), None, "{len}");
        }
        assert_eq!(walk(&[0x18, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F, 0]), None, "a text of 4 GB");
        assert_eq!(walk(&[0x19, 0xF5, 0xFF, 0xFF, 0x03, 0]), None, "a list of 65,535 integers");
        assert_eq!(walk(&[0x19, 0x25, 2, 4, 0]), Some(5), "a list of two integers");
        assert_eq!(walk(&[0x1D, 0]), None, "a kind that nobody knows");
    }

    #[test]
    fn depth_is_bounded() {
        let nested = |depth: usize| [vec![0x1C; depth], vec![0; depth + 1]].concat();
        assert_eq!(walk(&nested(20)), Some(41));
        assert_eq!(walk(&nested(100_000)), None);
    }

    #[test]
    fn integers_have_a_sign() {
        for (bytes, value) in [(&[0][..], 0), (&[1], -1), (&[2], 1), (&[0xFF, 0x01], -128)] {
            assert_eq!(Walk::new(bytes).integer(), Some(value));
        }
        assert_eq!(Walk::new(&[0xFF; 12]).integer(), None);
    }
}
