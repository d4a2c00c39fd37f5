//! The Universal Scalability Law (N. J. Gunther, 1993): how throughput grows
//! with concurrency, `X(N) = γN / (1 + α(N − 1) + βN(N − 1))`.

use crate::model::Cap;

/// Number of caps from which on the curve is fitted: with three, its three
/// parameters fit anything, and four leave one degree of freedom.
const LEAST_POINTS: usize = 5;

/// A fitted curve.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Usl {
    /// Throughput at one lane, per second.
    pub gamma: f64,
    /// Contention: the part that is done one after another.
    pub alpha: f64,
    /// Coherency: what each pair of lanes costs.
    pub beta: f64,
}

impl Usl {
    /// Fits the curve to wall times in seconds. `N/X = c₀ + c₁(N − 1) +
    /// c₂N(N − 1)` is linear; weights `(X/N)²` make the relative error count.
    /// No coefficient may be below 0: of the eight choices of coefficients
    /// that are not 0 the best admissible one is taken. `None` with fewer than
    /// `LEAST_POINTS`, or where the curve would start at 0.
    pub fn fit(points: &[(Cap, f64)]) -> Option<Self> {
        if points.len() < LEAST_POINTS || points.iter().any(|(_, wall)| *wall <= 0.0) {
            return None;
        }
        let rows: Vec<([f64; 3], f64)> = points
            .iter()
            .map(|(cap, wall)| {
                let n = f64::from(cap.get());
                // With X = 1 / wall the row divided by its value, N/X.
                let value = n * wall;
                let terms = [1.0, n - 1.0, n * (n - 1.0)];
                (terms.map(|term| term / value), 1.0)
            })
            .collect();
        let fits = (1_u8..8).filter_map(|active| solve(&rows, active));
        let best = fits.min_by(|one, two| error(&rows, one).total_cmp(&error(&rows, two)))?;
        (best[0] > 0.0).then(|| Self {
            gamma: 1.0 / best[0],
            alpha: best[1] / best[0],
            beta: best[2] / best[0],
        })
    }

    /// The wall time in seconds that the curve has at a number of lanes.
    pub fn wall(&self, lanes: f64) -> f64 {
        let slowed = 1.0 + self.alpha * (lanes - 1.0) + self.beta * lanes * (lanes - 1.0);
        slowed / (self.gamma * lanes)
    }

    /// Where it peaks, `N* = √((1 − α)/β)`; `None` where it never does.
    pub fn peak(&self) -> Option<f64> {
        (self.beta > 0.0).then(|| ((1.0 - self.alpha).max(0.0) / self.beta).sqrt())
    }
}

/// Least squares with the coefficients whose bits are set in `active`; `None`
/// where one of them comes out below 0 or the rows do not determine them.
fn solve(rows: &[([f64; 3], f64)], active: u8) -> Option<[f64; 3]> {
    let used: Vec<usize> = (0..3).filter(|bit| active & (1 << bit) != 0).collect();
    let count = used.len();
    let mut matrix = vec![vec![0.0; count + 1]; count];
    for (terms, value) in rows {
        for (i, a) in used.iter().enumerate() {
            for (j, b) in used.iter().enumerate() {
                matrix[i][j] += terms[*a] * terms[*b];
            }
            matrix[i][count] += terms[*a] * value;
        }
    }
    for pivot in 0..count {
        let best = (pivot..count).max_by(|one, two| {
            let (one, two) = (matrix[*one][pivot].abs(), matrix[*two][pivot].abs());
            one.total_cmp(&two)
        })?;
        matrix.swap(pivot, best);
        let lead = matrix[pivot].clone();
        if lead[pivot].abs() < 1e-12 {
            return None;
        }
        for (at, row) in matrix.iter_mut().enumerate() {
            if at != pivot {
                let factor = row[pivot] / lead[pivot];
                for (cell, own) in row.iter_mut().zip(&lead) {
                    *cell -= factor * own;
                }
            }
        }
    }
    let mut found = [0.0; 3];
    for (row, place) in used.into_iter().enumerate() {
        let value = matrix[row][count] / matrix[row][row];
        if value < 0.0 {
            return None;
        }
        found[place] = value;
    }
    Some(found)
}

fn error(rows: &[([f64; 3], f64)], fit: &[f64; 3]) -> f64 {
    let squares = rows.iter().map(|(terms, value)| {
        let fitted: f64 = terms.iter().zip(fit).map(|(term, own)| term * own).sum();
        (fitted - value).powi(2)
    });
    squares.sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(walls: impl Fn(f64) -> f64) -> Vec<(Cap, f64)> {
        let caps = [1, 2, 3, 4, 6, 8, 12, 16].into_iter().filter_map(Cap::new);
        caps.map(|cap| (cap, walls(f64::from(cap.get())))).collect()
    }

    #[test]
    fn a_curve_is_found_again() {
        let truth = Usl {
            gamma: 0.1,
            alpha: 0.05,
            beta: 0.01,
        };
        let found = Usl::fit(&points(|n| truth.wall(n))).expect("a curve");
        assert!((found.alpha - 0.05).abs() < 1e-6, "{found:?}");
        assert!((found.beta - 0.01).abs() < 1e-6, "{found:?}");
        let peak = found.peak().expect("a peak");
        assert!((peak - 95.0_f64.sqrt()).abs() < 1e-3, "{peak}");
    }

    #[test]
    fn nothing_is_below_zero() {
        let linear = Usl::fit(&points(|n| 32.0 / n)).expect("a curve");
        assert!(linear.alpha.abs() < 1e-9 && linear.beta.abs() < 1e-9);
        assert_eq!(linear.peak(), None);
        // Faster than linear is no law's: the fit stays at its border.
        let faster = Usl::fit(&points(|n| 32.0 / (n * n))).expect("a curve");
        assert!(faster.alpha >= 0.0 && faster.beta >= 0.0);
        let chain = Usl::fit(&points(|_| 5.0)).expect("a curve");
        assert!((chain.alpha - 1.0).abs() < 1e-6, "{chain:?}");
        assert!(Usl::fit(&points(|_| 5.0)[..5]).is_some());
        assert_eq!(Usl::fit(&points(|_| 5.0)[..4]), None);
    }
}
