//! Frames arrive as they were sent, and what is none is refused.

use serde_json::value::RawValue;

use super::*;

fn read_all(bytes: &[u8], step: usize) -> Vec<RawFrame> {
    let mut reader = FrameReader::default();
    let mut frames = Vec::new();
    for piece in bytes.chunks(step) {
        reader.push(piece);
        while let Some(frame) = reader.next_frame().expect("a frame") {
            frames.push(frame);
        }
    }
    frames
}

/// The bytes of the frames that say how a call goes on.
fn of_states(call: ShimCall, t: ShimTime) -> Vec<Vec<u8>> {
    let frames = [
        ShimFrame::State(CallMoved {
            call,
            t,
            state: ProxiedState::AnswerHeld,
            why: Some("held by you".to_owned()),
            by: Some(By::User),
            until: Some(ShimTime(9)),
            unlocked: false,
        }),
        ShimFrame::End(CallEnded {
            call,
            t,
            outcome: ProxiedOutcome::GivenUp,
            is_error: false,
            bytes: 0,
            server_ms: None,
            reason: Some("timed out".to_owned()),
            by: Some(By::Agent),
        }),
    ];
    frames.iter().map(|frame| encode(frame, None)).collect()
}

/// The bytes of each kind of frame of a shim.
fn of_shim() -> Vec<Vec<u8>> {
    let call = ShimCall(7);
    let t = ShimTime(1_000);
    let raw = |text: &str| RawValue::from_string(text.to_owned()).expect("JSON");
    let hello = ShimHello {
        v: VERSION,
        id: "12-0011aabb".to_owned(),
        started_unix_us: u64::MAX,
        ..ShimHello::default()
    };
    let came = CallCame {
        call,
        t,
        rpc: raw("\"1\""),
        method: "tools/call".to_owned(),
        tool: "echo".to_owned(),
        ro: None,
        token: true,
        limit_ms: Some(60_000),
        extends: false,
        batch: Some(2),
        meta: Some(raw("{\"progressToken\": 1.50}")),
    };
    let mut bytes = of_states(call, t);
    let frames = [
        ShimFrame::Hello(Box::new(hello)),
        ShimFrame::Call(Box::new(came)),
        ShimFrame::Lost(Lost {
            frames: 3,
            bytes: 4,
        }),
        ShimFrame::Ok { n: 5 },
        ShimFrame::No(Refused {
            n: 6,
            why: RefusedWhy::NotController,
            text: "controlled by pid 3".to_owned(),
        }),
        ShimFrame::Beat,
        ShimFrame::Bye,
    ];
    bytes.extend(frames.iter().map(|frame| encode(frame, None)));
    let message = ShimFrame::Msg(Message {
        own: false,
        seq: 1,
        t,
        dir: Direction::ToAgent,
        call: Some(call),
        full: None,
    });
    bytes.push(encode(&message, Some(b"{\"a\":\n1}\n\n")));
    bytes.push(encode(&ShimFrame::Tools, Some(b"[]")));
    bytes.push(encode(&ShimFrame::Tools, Some(b"")));
    bytes
}

#[test]
fn frames_of_a_shim_arrive_as_they_were_sent_however_they_are_cut() {
    let sent = of_shim();
    let whole = sent.concat();
    for step in [1, 2, 7, 64, whole.len()] {
        let frames = read_all(&whole, step);
        assert_eq!(frames.len(), sent.len(), "in pieces of {step}");
        for (raw, bytes) in frames.iter().zip(&sent) {
            let frame = ShimFrame::read(raw).expect("a known frame");
            assert!(!matches!(frame, ShimFrame::Unknown));
            assert_eq!(&encode(&frame, raw.body.as_deref()), bytes);
        }
    }
}

#[test]
fn frames_of_a_dashboard_arrive_as_they_were_sent() {
    let n = CommandNo(9);
    let call = ShimCall(3);
    let commands = [
        Command::Mode(SetMode {
            n,
            mode: Mode::Govern,
            on_lost: Some(OnLost::Fail),
            auto_release: Some(false),
        }),
        Command::Go(GoCall {
            n,
            call,
            unlocked: true,
        }),
        Command::Hold(HoldCalls {
            n,
            call: Which::One(call),
            what: Side::Answer,
            why: Some("held by you".to_owned()),
        }),
        Command::Release(ReleaseCalls {
            n,
            call: Which::All,
            what: Side::Call,
        }),
        Command::Edit(EditCall {
            n,
            call,
            what: Side::Call,
            release: true,
        }),
        Command::Answer(AnswerCall { n, call }),
        Command::Cancel(AnswerCall { n, call }),
        Command::Kill { n },
    ];
    for command in commands {
        let bytes = encode(&DashboardFrame::Command(command.clone()), None);
        let frames = read_all(&bytes, 5);
        let [raw] = frames.as_slice() else {
            panic!("one frame, not {frames:?}");
        };
        match DashboardFrame::read(raw) {
            Ok(DashboardFrame::Command(read)) => {
                assert_eq!(read, command);
                assert_eq!(read.number(), n);
            }
            other => panic!("{other:?} of {}", String::from_utf8_lossy(&bytes)),
        }
    }
}

#[test]
fn a_hello_of_a_dashboard_arrives_as_it_was_sent() {
    let hello = DashboardHello {
        n: CommandNo(9),
        v: VERSION,
        role: Role::Control,
        takeover: true,
        name: "fanout".to_owned(),
    };
    let bytes = encode(&DashboardFrame::Hello(hello.clone()), None);
    match DashboardFrame::read(&read_all(&bytes, 99)[0]) {
        Ok(DashboardFrame::Hello(read)) => assert_eq!(read, hello),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_a_later_version_adds_is_ignored() {
    let line =
        b"{\"frame\":\"state\",\"call\":1,\"t\":2,\"state\":\"sent\",\"mood\":{\"a\":[1.5]}}\n\
        {\"frame\":\"weather\",\"n\":4,\"len\":3}\nabc{\"frame\":\"beat\"}\n";
    let frames = read_all(line, 10);
    assert!(matches!(
        ShimFrame::read(&frames[0]),
        Ok(ShimFrame::State(_))
    ));
    assert!(matches!(
        ShimFrame::read(&frames[1]),
        Ok(ShimFrame::Unknown)
    ));
    let unknown = DashboardFrame::read(&frames[1]);
    assert!(matches!(unknown, Ok(DashboardFrame::Unknown(CommandNo(4)))));
    assert_eq!(frames[1].body.as_deref(), Some(&b"abc"[..]));
    assert!(matches!(ShimFrame::read(&frames[2]), Ok(ShimFrame::Beat)));
}

#[test]
fn what_is_no_frame_is_refused_within_its_bound() {
    let refused = |bytes: &[u8]| {
        let mut reader = FrameReader::default();
        reader.push(bytes);
        reader.next_frame().expect_err("no frame")
    };
    assert_eq!(
        refused(&vec![b' '; HEADER_BYTES]),
        FrameError::HeaderTooLong
    );
    let len = BODY_BYTES as u64 + 1;
    let header = format!("{{\"frame\":\"msg\",\"len\":{len}}}\n");
    assert_eq!(refused(header.as_bytes()), FrameError::BodyTooLong { len });
    for line in ["{}\n", "[]\n", "x\n", "\n", "{\"frame\":1}\n"] {
        let error = refused(line.as_bytes());
        assert!(
            matches!(error, FrameError::Malformed { .. }),
            "{line}: {error}"
        );
    }
    // Of a known frame that lacks a field.
    let raw = &read_all(b"{\"frame\":\"go\",\"n\":1}\n", 99)[0];
    assert!(DashboardFrame::read(raw).is_err());
}
