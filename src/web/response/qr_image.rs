//! QR codes as pictures, black on white.
//!
//! Promises that every module is a whole number of pixels, the same for all, so that none is blurred,
//! and that a quiet zone of at least four modules is around them (ISO/IEC 18004 asks for it).

use std::fmt::Write;

use png::{BitDepth, ColorType, Compression, Encoder, Filter};
use qrcode::types::QrError;
use qrcode::{Color, EcLevel, QrCode};
use tokio::sync::Semaphore;

/// The quiet zone on each side, in modules.
const QUIET_ZONE: usize = 4;

/// Making a code takes a millisecond or a few, for which nobody's click has to wait: it is done beside
/// the workers, and one at a time, so that whoever asks for thousands does not take all processors.
pub(crate) static TURN: Semaphore = Semaphore::const_new(1);

/// The modules of an address.
pub(crate) struct Symbol {
    /// How many modules are in a row, and how many rows there are.
    width: usize,
    /// Row by row, which of them are dark.
    dark: Vec<bool>,
}

impl Symbol {
    /// The smallest symbol of an address with this level of error correction.
    ///
    /// # Errors
    /// When the address is too long for any.
    pub(crate) fn of(address: &str, level: EcLevel) -> Result<Self, QrError> {
        let code = QrCode::with_error_correction_level(address, level)?;
        let dark = code.to_colors().into_iter().map(|color| color == Color::Dark).collect();
        Ok(Self { width: code.width(), dark })
    }

    /// The rows from above.
    fn rows(&self) -> impl Iterator<Item = &[bool]> {
        self.dark.chunks(self.width)
    }

    /// A drawing that is sharp in every size, shown in so many pixels where nothing else is said.
    pub(crate) fn svg(&self, size: usize) -> String {
        let mut path = String::new();
        for (y, row) in self.rows().enumerate() {
            let mut x = 0;
            for run in row.chunk_by(|left, right| left == right) {
                if run[0] {
                    let (left, top, length) = (QUIET_ZONE + x, QUIET_ZONE + y, run.len());
                    write!(path, "M{left} {top}h{length}v1h-{length}z")
                        .expect("writing to a String does not fail");
                }
                x += run.len();
            }
        }
        let modules = self.side();
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{size}\" height=\"{size}\" \
             viewBox=\"0 0 {modules} {modules}\" shape-rendering=\"crispEdges\">\
             <rect width=\"{modules}\" height=\"{modules}\" fill=\"#fff\"/><path d=\"{path}\"/></svg>\n"
        )
    }

    /// How many modules it is wide and high with its quiet zone; no picture can have fewer pixels.
    pub(crate) fn side(&self) -> usize {
        self.width + 2 * QUIET_ZONE
    }

    /// A PNG of so many pixels in each direction, one bit each; what the modules leave over widens
    /// the quiet zone. `None` where it would have to be larger.
    pub(crate) fn png(&self, size: usize) -> Option<Vec<u8>> {
        let scale = size / self.side();
        if scale == 0 {
            return None;
        }
        let margin = (size - scale * self.width) / 2;
        let line = size.div_ceil(8);
        let mut pixels = vec![0xff; line * size];
        for (y, row) in self.rows().enumerate() {
            let first = (margin + y * scale) * line;
            for (x, _) in row.iter().enumerate().filter(|(_, dark)| **dark) {
                for pixel in (0..scale).map(|of| margin + x * scale + of) {
                    pixels[first + pixel / 8] &= !(0x80 >> (pixel % 8));
                }
            }
            for below in 1..scale {
                pixels.copy_within(first..first + line, first + below * line);
            }
        }
        Some(encode(size, &pixels))
    }
}

fn encode(size: usize, pixels: &[u8]) -> Vec<u8> {
    let width = u32::try_from(size).expect("a picture has few pixels");
    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, width, width);
    encoder.set_color(ColorType::Grayscale);
    encoder.set_depth(BitDepth::One);
    encoder.set_compression(Compression::Fast);
    // Most lines are as the one above: then they are zeros, which even the fast way makes small.
    encoder.set_filter(Filter::Up);
    let written = encoder.write_header().and_then(|mut writer| writer.write_image_data(pixels));
    written.expect("as many bytes as the picture has, written to memory");
    file
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_no_code_can_hold_is_refused() {
        // ISO/IEC 18004, table 7: the most bytes in the largest code, by level.
        for (level, most) in
            [(EcLevel::L, 2_953), (EcLevel::M, 2_331), (EcLevel::Q, 1_663), (EcLevel::H, 1_273)]
        {
            let largest = Symbol::of(&"a".repeat(most), level).expect("it just fits");
            assert_eq!(largest.side(), 177 + 8);
            assert!(Symbol::of(&"a".repeat(most + 1), level).is_err());
        }
    }

    #[test]
    fn what_the_modules_leave_over_widens_the_quiet_zone() {
        let symbol = Symbol::of("https://go.example/abc", EcLevel::M).expect("a short address");
        let side = symbol.side();
        assert!(symbol.png(side - 1).is_none());
        for size in [side, side + 1, 2 * side - 1, 2 * side, 2_048] {
            assert!(symbol.png(size).is_some_and(|file| file.starts_with(b"\x89PNG")), "{size}");
        }
    }
}
