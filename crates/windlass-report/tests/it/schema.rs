use jsonschema::Validator;
use serde_json::{Value, json};
use windlass_record::{Record, Run};

use crate::records::{every_outcome, failing};

fn schema() -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/record.schema.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn check(validator: &Validator, record: &Value) -> Result<(), String> {
    let errors: Vec<_> = validator.iter_errors(record).map(|it| format!("{}: {it}", it.instance_path())).collect();
    if errors.is_empty() { Ok(()) } else { Err(errors.join("\n")) }
}

fn json_of(record: &Record) -> Value {
    serde_json::from_str(&record.to_json()).unwrap()
}

#[test]
fn the_schema_accepts_what_windlass_writes() {
    let schema = schema();
    assert!(jsonschema::meta::is_valid(&schema));
    let validator = jsonschema::validator_for(&schema).unwrap();
    let empty = Record::new(Run::new("1", "ci", "/ws"), Vec::new());
    for record in [failing().0, every_outcome(), empty] {
        check(&validator, &json_of(&record)).unwrap();
    }
}

#[test]
fn the_schema_refuses_what_is_no_record() {
    let validator = jsonschema::validator_for(&schema()).unwrap();
    let places = [
        "",
        "/run",
        "/run/machine",
        "/steps/2",
        "/steps/2/outcome",
        "/steps/2/log",
        "/steps/2/diagnostics/0",
        "/tests/0",
    ];
    for place in places {
        let mut record = json_of(&failing().0);
        record.pointer_mut(place).unwrap()["unknown"] = json!(1);
        assert!(check(&validator, &record).is_err(), "an unknown key at `{place}`");
    }
    for (place, value) in [
        ("/version", json!(2)),
        ("/run/id", json!(7)),
        ("/steps/2/outcome/state", json!("green")),
        ("/steps/2/wall_ms", json!(-1)),
        ("/tests/0/outcome", json!("ignored")),
    ] {
        let mut record = json_of(&failing().0);
        *record.pointer_mut(place).unwrap() = value;
        assert!(check(&validator, &record).is_err(), "a wrong value at `{place}`");
    }
}

/// Every object of the schema is closed and requires all that it describes, so a new field of a record cannot be forgotten.
#[test]
fn every_property_is_described_and_required() {
    fn walk(place: &str, value: &Value) {
        if let Some(properties) = value.get("properties").and_then(Value::as_object) {
            assert_eq!(value["additionalProperties"], json!(false), "{place}");
            for (name, property) in properties {
                assert!(property["description"].is_string(), "{place}/{name}");
                assert!(value["required"].as_array().unwrap().contains(&json!(name)), "{place}/{name}");
            }
        }
        match value {
            Value::Object(map) => map.iter().for_each(|(name, inner)| walk(&format!("{place}/{name}"), inner)),
            Value::Array(all) => all.iter().for_each(|inner| walk(place, inner)),
            _ => {}
        }
    }
    walk("", &schema());
}
