"""Rules that every table of schema ops keeps."""

import pytest
from sqlalchemy import DateTime, Float, Numeric

from store import tables
from store.dsn import sqlalchemy_url

ALL = [*tables.FACTS, *tables.STATES, tables.AuditLog]


@pytest.mark.parametrize("relation", ALL, ids=lambda relation: relation.__name__)
def test_columns_lists_every_column_once(relation: type[tables.Relation]) -> None:
    assert sorted(relation.columns()) == sorted(column.name for column in relation.table().columns)


@pytest.mark.parametrize("relation", ALL, ids=lambda relation: relation.__name__)
def test_times_carry_their_zone_and_amounts_are_exact(relation: type[tables.Relation]) -> None:
    for column in relation.table().columns:
        if isinstance(column.type, DateTime):
            assert column.type.timezone, column
        if isinstance(column.type, Numeric) and not isinstance(column.type, Float):
            assert (column.type.precision, column.type.scale) == (None, None), f"{column} would round"


def test_floats_are_model_outputs_their_limits_and_ages_only() -> None:
    floats = {
        f"{relation.table().name}.{column.name}"
        for relation in ALL
        for column in relation.table().columns
        if isinstance(column.type, Float)
    }
    assert floats == {
        "risk_metric.value",
        "var_component.percent",
        "var_component.marginal",
        "position_valuation.price_age_seconds",
        "challenge.primary_value",
        "challenge.challenger_value",
        "challenge.divergence",
        *(
            f"limit_definition.{name}"
            for name in (
                "warning_level",
                "hard_level",
                "hysteresis",
                "minimum_coverage",
                "max_age_s",
                "escalate_after_s",
            )
        ),
        *(
            f"{table}.{name}"
            for table in ("limit_event", "limit_status")
            for name in ("value", "warning_level", "hard_level")
        ),
        "limit_action.level",
    }


@pytest.mark.parametrize("fact", tables.FACTS, ids=lambda fact: fact.__name__)
def test_fact_is_keyed_by_natural_key_then_revision(fact: type[tables.Fact]) -> None:
    assert [column.name for column in fact.table().primary_key] == [*fact.natural_key(), "revision"]
    aside = {*fact.natural_key(), *fact.unmeasured, "revision", "recorded_at", "evidence"}
    assert not aside & set(fact.content())


def test_tables_list_is_complete() -> None:
    assert {relation.table().name for relation in ALL} == {
        table.name for table in tables.metadata.tables.values()
    }


def test_parameters_have_one_text_form() -> None:
    text = tables.canonical_parameters({"horizon_days": "1", "confidence_bp": "9500"})
    assert text == "confidence_bp=9500,horizon_days=1"


def test_dsn_names_the_driver_and_keeps_the_socket() -> None:
    url = sqlalchemy_url("postgresql://me@/book?host=/run/pg")
    assert url.render_as_string() == "postgresql+psycopg://me@/book?host=%2Frun%2Fpg"


def test_dsn_of_another_database_is_refused() -> None:
    with pytest.raises(ValueError, match="not a PostgreSQL address"):
        sqlalchemy_url("mysql://me@host/book")
