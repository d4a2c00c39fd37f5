//! Findings as comma-separated values (RFC 4180), a line for each cap.

use super::{compare, load, sweep};
use crate::lab::Interval;

impl sweep::SweepFindings {
    /// A line for each cap; times in seconds.
    pub fn csv(&self) -> String {
        let titles = "cap,median_s,low_s,high_s,least_s,most_s,over_best,within_5_percent,curve_s,verdict,probability";
        let lines = self.caps.iter().map(|it| {
            let lanes = f64::from(it.cap.get());
            let curve = self.curve.as_ref().map(|curve| curve.usl.wall(lanes));
            let verdict = self.mark(it.cap).map_or("", sweep::Mark::words);
            let mut fields = vec![it.cap.to_string()];
            fields.extend(interval(&it.wall));
            fields.extend([it.extremes.0, it.extremes.1, it.ratio, it.within].map(number));
            fields.push(curve.map_or(String::new(), number));
            fields.push(verdict.to_owned());
            fields.push(number(it.right));
            fields
        });
        table(titles, lines)
    }
}

impl compare::CompareFindings {
    /// A line for each cap; times in seconds.
    pub fn csv(&self) -> String {
        let titles = "cap,runs,median_s,low_s,high_s,speed_up,speed_up_low,speed_up_high,at_best_s,efficiency,binding";
        let lines = self.timings.iter().map(|it| {
            let mut fields = vec![it.cap.to_string(), it.runs.to_string()];
            fields.extend(interval(&it.wall));
            fields.extend(interval(&it.speed_up));
            fields.push(number(it.lower_bound.as_secs_f64()));
            fields.push(it.efficiency.map_or(String::new(), number));
            fields.push(it.binding.to_string());
            fields
        });
        table(titles, lines)
    }
}

impl load::LoadFindings {
    /// A line for each step; times in seconds.
    pub fn csv(&self) -> String {
        let titles = "level,calls,calls_per_s,mean_s,p50_s,p90_s,p95_s,p99_s,max_s,service_p50_s,service_p95_s,errors,in_flight_mean,in_flight_most,cpu_cores,memory_bytes,late";
        let lines = self.steps.iter().map(|it| {
            let latency = &it.latency;
            let times = [
                latency.mean,
                latency.p50,
                latency.p90,
                latency.p95,
                latency.p99,
                latency.max,
                it.service.p50,
                it.service.p95,
            ];
            let mut fields = vec![it.level.to_string(), it.calls.to_string()];
            fields.push(number(it.throughput()));
            fields.extend(times.map(|time| number(time.as_secs_f64())));
            fields.push(it.error_count().to_string());
            fields.push(number(it.in_flight_mean));
            fields.push(it.in_flight_most.to_string());
            fields.push(it.cpu_cores.map_or(String::new(), number));
            fields.push(it.memory_bytes.map_or(String::new(), |it| it.to_string()));
            fields.push(it.late.to_string());
            fields
        });
        table(titles, lines)
    }
}

fn interval(it: &Interval) -> [String; 3] {
    [it.at, it.low, it.high].map(number)
}

/// A number, rounded where no clock is better.
fn number(value: f64) -> String {
    format!("{value:.6}")
}

fn table(titles: &str, lines: impl Iterator<Item = Vec<String>>) -> String {
    let mut csv = format!("{titles}\r\n");
    for line in lines {
        let fields: Vec<String> = line.iter().map(|field| quoted(field)).collect();
        csv.push_str(&fields.join(","));
        csv.push_str("\r\n");
    }
    csv
}

/// A field, in quotes where it would be read as more than one.
fn quoted(field: &str) -> String {
    if field.contains([',', '"', '\r', '\n']) {
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_stays_one_field() {
        assert_eq!(quoted("lock:a,b"), "\"lock:a,b\"");
        assert_eq!(quoted("say \"x\""), "\"say \"\"x\"\"\"");
        let line = vec!["1".to_owned(), "a,b".to_owned()];
        assert_eq!(table("n,t", std::iter::once(line)), "n,t\r\n1,\"a,b\"\r\n");
    }
}
