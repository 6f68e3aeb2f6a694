//! Loops written out in the source.

/// Repeats a block for `$index` from 0 to below `$count`, a constant of at most 12. A loop that LLVM unrolls late leaves the
/// accumulators of a register tile in memory.
macro_rules! unrolled {
    ($index:ident < $count:expr, $block:block) => {
        unrolled!(@ $index, $count, $block, 0 1 2 3 4 5 6 7 8 9 10 11)
    };
    (@ $index:ident, $count:expr, $block:block, $($value:literal)*) => {
        $(if $value < $count {
            let $index: usize = $value;
            $block
        })*
    };
}

pub(crate) use unrolled;
