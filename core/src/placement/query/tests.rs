use proptest::prelude::*;

use super::*;

fn facts() -> Facts {
    let attributes = [
        ("ecs.instance-type", "g2.2xlarge"),
        ("ecs.availability-zone", "us-east-1a"),
        ("stack", "prod"),
        ("rack", "12"),
        ("path", "a/b\\c"),
        ("team", "two words"),
        ("kernel", "5.10.2"),
        ("empty", ""),
    ];
    Facts {
        attributes: attributes.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        agent_connected: true,
        agent_version: "1.68.2".parse().ok(),
        ec2_instance_id: "i-0abc".into(),
        // 2018-06-18T22:28:28.5Z
        registered_at: Timestamp(1_529_360_908_500),
    }
}

fn tasks() -> BTreeMap<String, u32> {
    [("service:web", 2), ("family:job", 1)].map(|(group, count)| (group.to_owned(), count)).into()
}

#[track_caller]
fn check(expression: &str, expected: bool) {
    let query: Query = expression.parse().unwrap_or_else(|error| panic!("{expression}: {error}"));
    assert_eq!(query.matches(&facts(), &tasks()), expected, "{expression}");
    let printed = query.to_string();
    assert_eq!(printed.parse::<Query>().as_ref(), Ok(&query), "{expression} is printed as {printed}");
}

#[test]
fn expressions_mean_what_the_developer_guide_says() {
    for (expression, expected) in [
        // Its examples.
        ("attribute:ecs.instance-type == t2.small", false),
        ("attribute:ecs.availability-zone in [us-east-1a, us-east-1b]", true),
        ("attribute:ecs.instance-type =~ g2.* and attribute:ecs.availability-zone != us-east-1d", true),
        ("task:group == service:production", false),
        ("not(task:group == database)", true),
        ("runningTasksCount == 1", false),
        ("agentVersion < 1.70.0", true),
        ("registeredAt < 2018-06-19", true),
        ("ec2InstanceId in ['i-0abc','i-wxyx7890']", true),
        // Operators in symbols and in words.
        ("attribute:stack equals prod", true),
        ("attribute:stack not_equals prod", false),
        ("attribute:rack greater_than 9", true),
        ("attribute:rack greater_than_equal 12", true),
        ("attribute:rack less_than 13", true),
        ("attribute:rack less_than_equal 11", false),
        ("attribute:stack exists", true),
        ("attribute:stack !exists", false),
        ("attribute:stack not_exists", false),
        ("attribute:nothing exists", false),
        ("attribute:nothing !exists", true),
        ("attribute:empty exists", true),
        ("attribute:empty == ''", true),
        ("attribute:stack in [prod]", true),
        ("attribute:stack !in [prod, test]", false),
        ("attribute:stack not_in [test]", true),
        ("attribute:stack matches pr.d", true),
        ("attribute:stack not_matches pr.d", false),
        ("attribute:stack !~ te.t", true),
        // What is not there is not equal to anything, and has no order.
        ("attribute:nothing == a", false),
        ("attribute:nothing != a", true),
        ("attribute:nothing < a", false),
        ("attribute:nothing > a", false),
        ("attribute:nothing !in [a]", true),
        ("attribute:nothing !~ a", true),
        ("attribute:nothing =~ .*", false),
        // Order: numbers, versions, letters.
        ("attribute:rack > 9", true),
        ("attribute:rack > 12.5", false),
        ("attribute:rack >= 12.0", true),
        ("attribute:kernel > 5.9", true),
        ("attribute:kernel >= 5.10.2", true),
        ("attribute:kernel < 5.10.10", true),
        ("attribute:stack < qa", true),
        ("attribute:stack > \"prince\"", true),
        // Equality is of letters, whatever they stand for.
        ("attribute:rack == 12.0", false),
        ("attribute:rack == 12", true),
        // Values in quotes.
        ("attribute:team == \"two words\"", true),
        ("attribute:team == 'two words'", true),
        ("attribute:team in ['two words', \"a, b\"]", true),
        (r"attribute:path == a/b\c", true),
        (r"attribute:path == 'a/b\c'", true),
        (r"attribute:path == 'a/b\\c'", true),
        // Patterns match the whole value; brackets in them are theirs.
        ("attribute:stack =~ pro", false),
        ("attribute:stack =~ (prod|test)", true),
        ("(attribute:stack =~ (prod|test))", true),
        ("(attribute:stack =~ pr[o)]d)", true),
        ("attribute:stack =~ p[a-z]+d", true),
        ("attribute:stack =~ 'p[a-z]+d'", true),
        ("attribute:stack =~ ^prod$", true),
        ("attribute:stack =~ PROD", false),
        ("attribute:stack =~ (?i)PROD", true),
        ("attribute:stack =~ (?!test).*", true),
        ("attribute:stack =~ (?!prod).*", false),
        (r"attribute:stack =~ \w{4}", true),
        (r"attribute:kernel =~ 5\.\d+\..*", true),
        ("attribute:team =~ 'two .*'", true),
        ("attribute:stack =~ test||prod", true),
        // The agent.
        ("agentConnected == true", true),
        ("agentConnected equals false", false),
        ("agentConnected != false", true),
        ("agentConnected in [true, false]", true),
        ("agentConnected =~ t.*", true),
        ("agentVersion == 1.68.2", true),
        ("agentVersion == 1.68.2.0", true),
        ("agentVersion > 1.7", true),
        ("agentVersion >= 1.68", true),
        ("agentVersion > 1.68.2-rc1", true),
        ("agentVersion <= 1.68.2", true),
        ("agentVersion != 1.68", true),
        // Its registration, to the second.
        ("registeredAt == 2018-06-18T22:28:28Z", true),
        ("registeredAt == 2018-06-18T22:28:28", true),
        ("registeredAt == 2018-06-18T22:28:28+00:00", true),
        ("registeredAt == 2018-06-19T00:28:28+02:00", true),
        ("registeredAt > 2018-06-18", true),
        ("registeredAt <= 2018-06-18T22:28:27Z", false),
        ("registeredAt != 2016-02-29", true),
        // Its tasks.
        ("runningTasksCount == 3", true),
        ("runningTasksCount >= 4", false),
        ("runningTasksCount < 4", true),
        ("runningTasksCount != 0", true),
        ("task:group == service:web", true),
        ("task:group != service:web", false),
        ("task:group in [service:db, family:job]", true),
        ("task:group !in [service:db]", true),
        ("task:group =~ service:.*", true),
        ("task:group !~ service:.*", false),
        ("ec2InstanceId =~ i-0.*", true),
        ("ec2InstanceId != i-0abc", false),
        // And, or, not.
        ("attribute:stack == prod && runningTasksCount == 3", true),
        ("attribute:stack == test || runningTasksCount == 3", true),
        ("attribute:stack == prod or attribute:stack == x and attribute:stack == y", true),
        ("(attribute:stack == prod or attribute:stack == x) and attribute:stack == y", false),
        ("not attribute:stack == test", true),
        ("!attribute:stack == test", true),
        ("!(attribute:stack == prod)", false),
        ("not not attribute:stack == prod", true),
        ("!!(attribute:stack exists)", true),
        ("not attribute:stack == test and attribute:rack == 12", true),
        ("attribute:stack==prod&&attribute:rack==12", true),
        ("attribute:stack==test||attribute:rack==12", true),
        ("attribute:stack!exists||attribute:rack>1", true),
        ("attribute:stack in[prod]and attribute:rack in [12]", true),
        ("  ( ( attribute:stack == prod ) )\t", true),
        ("\nattribute:stack\n==\nprod\n", true),
    ] {
        check(expression, expected);
    }
}

#[track_caller]
fn refused(expression: &str, column: usize, words: &str) {
    match expression.parse::<Query>() {
        Ok(query) => panic!("{expression} was taken as {query}"),
        Err(error) => {
            assert_eq!(error.column, column, "{expression}: {error}");
            assert!(error.problem.contains(words), "{expression}: {error}");
        }
    }
}

#[test]
fn a_mistake_is_told_with_its_column_and_what_was_expected_there() {
    for (expression, column, words) in [
        ("", 1, "expected agentConnected, agentVersion, attribute:NAME"),
        ("   ", 4, "found the end"),
        ("stack == prod", 1, "found `stack`"),
        ("attribute: == prod", 11, "the name of an attribute"),
        ("attribute:a:b == prod", 12, "- _ . /"),
        ("Attribute:stack == prod", 1, "attribute:NAME"),
        ("attribute:stack", 16, "expected an operator"),
        ("attribute:stack = prod", 17, "expected an operator (== != >"),
        ("attribute:stack equal prod", 17, "found `equal`"),
        ("attribute:stack EQUALS prod", 17, "found `EQUALS`"),
        ("attribute:stack ==", 19, "expected a value, found the end"),
        ("attribute:stack == )", 20, "expected a value, found `)`"),
        ("attribute:stack == && a", 20, "expected a value"),
        ("attribute:stack == two words", 24, "expected and, or, or the end, found `words`"),
        ("attribute:stack == 'prod", 20, "this ' has no end"),
        ("attribute:stack == \"prod'", 20, "this \" has no end"),
        ("attribute:stack in prod", 20, "a list such as [a, b]"),
        ("attribute:stack in []", 21, "expected a value"),
        ("attribute:stack in [a b]", 23, "expected , or ]"),
        ("attribute:stack in [a,]", 23, "expected a value"),
        ("attribute:stack in [a", 22, "expected , or ], found the end"),
        ("attribute:stack =~", 19, "expected a pattern, found the end"),
        ("attribute:stack =~ ''", 20, "expected a pattern"),
        ("attribute:stack =~ a(", 20, "is no pattern"),
        ("attribute:stack =~ [a", 20, "is no pattern"),
        ("attribute:stack exists prod", 24, "expected and, or, or the end"),
        ("attribute:stack =~ prod||attribute:x == y", 38, "expected and, or, or the end"),
        ("agentConnected > true", 16, "> does not go with agentConnected; expected == != in !in =~ !~"),
        ("agentConnected == yes", 19, "expected true or false, found `yes`"),
        ("agentVersion =~ 1.*", 14, "=~ does not go with agentVersion; expected == != > >= < <="),
        ("agentVersion exists", 14, "exists does not go with agentVersion"),
        ("agentVersion == one", 17, "a version such as 1.100.0, found `one`"),
        ("agentVersion == 1..2", 17, "a version"),
        ("runningTasksCount == -1", 22, "a number of tasks, 0 or more"),
        ("runningTasksCount == many", 22, "a number of tasks"),
        ("runningTasksCount == 1.5", 22, "a number of tasks"),
        ("runningTasksCount in [1]", 19, "in does not go with runningTasksCount"),
        ("registeredAt == yesterday", 17, "a date such as 2018-06-18"),
        ("registeredAt == 2018-13-01", 17, "a date"),
        ("registeredAt == 2018-02-29", 17, "a date"),
        ("registeredAt == 2018-06-18T24:00:00", 17, "a date"),
        ("registeredAt == 2018-6-18", 17, "a date"),
        ("registeredAt == 2018-06-18T22:28:28+2", 17, "a date"),
        ("task:group exists", 12, "exists does not go with task:group"),
        ("task:family == web", 1, "task:group, found `task:family`"),
        ("ec2InstanceId < i-1", 15, "< does not go with ec2InstanceId"),
        ("(attribute:stack == prod", 25, "a ) for the ( in column 1, found the end"),
        ("attribute:stack == prod)", 24, "there is no ( before this )"),
        ("()", 2, "found `)`"),
        ("attribute:stack == prod and", 28, "found the end"),
        ("attribute:stack == prod & attribute:rack == 1", 25, "expected and, or, or the end, found `&`"),
        ("attribute:stack == prod AND attribute:rack == 1", 25, "found `AND`"),
        ("and attribute:stack == prod", 1, "found `and`"),
        ("not", 4, "found the end"),
        ("attribute:größe ~ 1", 17, "expected an operator"),
        ("attribute:x == ä or y", 21, "found `y`"),
    ] {
        refused(expression, column, words);
    }
    refused(&"(".repeat(10_000), 51, "50 deep");
    refused(&"!".repeat(10_000), 51, "50 deep");
}

#[test]
fn a_pattern_that_would_take_for_ever_does_not_match() {
    let query: Query = r"attribute:stack =~ (?=(a+)+$)(x+x+)+y\1".parse().unwrap();
    let mut facts = facts();
    facts.attributes.insert("stack".into(), "x".repeat(5000));
    assert!(!query.matches(&facts, &tasks()));
}

fn any_value(subject: Subject) -> BoxedStrategy<Value> {
    match subject {
        Subject::AgentConnected => any::<bool>().prop_map(Value::Flag).boxed(),
        Subject::AgentVersion => "[0-9]{1,3}(\\.[0-9]{1,3}){0,3}(-[a-z0-9]{1,4})?"
            .prop_map(|text| Value::Version(text.parse().unwrap()))
            .boxed(),
        Subject::RegisteredAt => {
            (0_i64..4_102_444_800_000).prop_map(|at| Value::Moment(Moment::of(Timestamp(at)))).boxed()
        }
        Subject::RunningTasksCount => any::<u64>().prop_map(Value::Count).boxed(),
        _ => any::<String>().prop_map(Value::Text).boxed(),
    }
}

fn any_test() -> impl Strategy<Value = Query> {
    let subjects = prop_oneof![
        Just(Subject::AgentConnected),
        Just(Subject::AgentVersion),
        Just(Subject::Ec2InstanceId),
        Just(Subject::RegisteredAt),
        Just(Subject::RunningTasksCount),
        Just(Subject::TaskGroup),
        "[a-z][a-zA-Z0-9._/\\\\-]{0,12}".prop_map(Subject::Attribute),
    ];
    subjects.prop_flat_map(|subject| {
        let ordered =
            !matches!(subject, Subject::AgentConnected | Subject::Ec2InstanceId | Subject::TaskGroup);
        let listed =
            !matches!(subject, Subject::AgentVersion | Subject::RegisteredAt | Subject::RunningTasksCount);
        let named = matches!(subject, Subject::Attribute(_));
        let values = prop::collection::vec(any_value(subject.clone()), 1..4);
        (Just(subject), values, any::<bool>(), 0..8_usize, "[a-z.*() ]{1,8}").prop_map(
            move |(subject, mut values, negated, kind, pattern)| {
                let value = values[0].clone();
                let pattern = Pattern::new(&pattern);
                let (negated, relation) = match kind {
                    1 if ordered => (false, Relation::Greater(value)),
                    2 if ordered => (false, Relation::GreaterEqual(value)),
                    3 if ordered => (false, Relation::Less(value)),
                    4 if ordered => (false, Relation::LessEqual(value)),
                    5 if listed => (negated, Relation::In(std::mem::take(&mut values))),
                    6 if named => (negated, Relation::Exists),
                    7 if listed && pattern.is_ok() => (negated, Relation::Matches(pattern.unwrap())),
                    _ => (negated, Relation::Equals(value)),
                };
                Query::Test(Test { subject, negated, relation })
            },
        )
    })
}

fn any_query() -> impl Strategy<Value = Query> {
    any_test().prop_recursive(5, 40, 4, |inner| {
        prop_oneof![
            inner.clone().prop_map(|one| Query::Not(Box::new(one))),
            prop::collection::vec(inner.clone(), 2..5).prop_map(Query::And),
            prop::collection::vec(inner, 2..5).prop_map(Query::Or),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_printed_is_read_as_the_same(query in any_query()) {
        let printed = query.to_string();
        prop_assert_eq!(printed.parse::<Query>(), Ok(query), "{}", printed);
    }

    #[test]
    fn whatever_is_given_is_read_or_refused_within_the_text(text in any::<String>()) {
        if let Err(error) = text.parse::<Query>() {
            prop_assert!((1..=text.chars().count() + 1).contains(&error.column));
        }
    }

    #[test]
    fn so_is_whatever_looks_like_an_expression(
        words in prop::collection::vec(prop::sample::select(vec![
            "attribute:", "attribute:a", "task:group", "agentVersion", "registeredAt", "==", "!", "=~", "in", "not_in", "exists",
            "not", "and", "&&", "||", "or", "(", ")", "[", "]", ",", "'", "\"", "\\", "1.2", "2018-06-18", "ä", " ", "(?=", "*", "{9}",
        ]), 0..24)
    ) {
        let text = words.concat();
        match text.parse::<Query>() {
            Ok(query) => prop_assert_eq!(query.to_string().parse::<Query>(), Ok(query)),
            Err(error) => prop_assert!((1..=text.chars().count() + 1).contains(&error.column)),
        }
    }

    #[test]
    fn a_moment_is_printed_as_it_is_read(at in 0_i64..253_402_300_799) {
        let moment = Moment::of(Timestamp(at * 1000));
        prop_assert_eq!(moment.to_string().parse::<Moment>(), Ok(moment));
    }
}
