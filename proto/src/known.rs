//! Reading what a later version has written: it may use enum values that this one does not know.

/// A message that can forget such values. The build makes this for every message.
pub trait Known {
    /// Makes each value of an enum that this version does not know `UNSPECIFIED`, here and in all that the message holds.
    /// Protobuf decodes such a value to its bare number, which has no JSON form.
    fn forget_unknown(&mut self);
}

pub(crate) fn forget_unless_known<E: TryFrom<i32>>(value: &mut i32) {
    if E::try_from(*value).is_err() {
        *value = 0;
    }
}
