//! The digits of base64 and hex.

static IS_DIGIT: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0_usize;
    while byte <= 0xff {
        let letter = byte.to_le_bytes()[0];
        table[byte] = letter.is_ascii_alphanumeric() || matches!(letter, b'+' | b'/' | b'-' | b'_');
        byte += 1;
    }
    table
};

/// Of base64, in either alphabet, which is of hex as well.
pub(super) const fn is_digit(byte: u8) -> bool {
    IS_DIGIT[byte as usize]
}
