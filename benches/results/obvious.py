"""A service for results as one would write it first: what the benchmark compares with.

Version 2.0 of ResultsDB's interface, as far as the benchmark asks, with the parts that ResultsDB is made of (Flask,
SQLAlchemy, gunicorn's sync workers) and the tables that one would draw: a row for each result, and one for each value
of its data. It checks nothing, has no tokens, announces nothing and remembers no requests. It is not ResultsDB.
"""

import datetime
import json
import os

from flask import Flask, Response, jsonify, request
from sqlalchemy import Column, DateTime, ForeignKey, Index, Integer, Text, create_engine, text
from sqlalchemy.orm import aliased, declarative_base, relationship, sessionmaker

Base = declarative_base()
engine = create_engine(os.environ["OBVIOUS_STORE"], pool_size=1)
Session = sessionmaker(engine)
app = Flask(__name__)
API = "/resultsdb/api/v2.0"


class Testcase(Base):
    __tablename__ = "testcase"
    name = Column(Text, primary_key=True)
    ref_url = Column(Text)


class Result(Base):
    __tablename__ = "result"
    id = Column(Integer, primary_key=True)
    testcase_name = Column(ForeignKey("testcase.name"))
    submit_time = Column(DateTime)
    outcome = Column(Text)
    note = Column(Text)
    ref_url = Column(Text)
    testcase = relationship("Testcase")
    data = relationship("Data", order_by="Data.id")
    __table_args__ = (Index("by_time", "submit_time"), Index("of_testcase", "testcase_name", "submit_time"))


class Data(Base):
    __tablename__ = "result_data"
    id = Column(Integer, primary_key=True)
    result_id = Column(ForeignKey("result.id"), index=True)
    key = Column(Text)
    value = Column(Text)
    __table_args__ = (Index("by_value", "key", "value"),)


def shown(result):
    data = {}
    for one in result.data:
        data.setdefault(one.key, []).append(one.value)
    testcase = result.testcase
    return {
        "id": result.id,
        "href": f"{request.host_url}{API[1:]}/results/{result.id}",
        "submit_time": result.submit_time.isoformat(timespec="microseconds"),
        "outcome": result.outcome,
        "note": result.note,
        "ref_url": result.ref_url,
        "groups": [],
        "testcase": {
            "name": testcase.name,
            "ref_url": testcase.ref_url,
            "href": f"{request.host_url}{API[1:]}/testcases/{testcase.name}",
        },
        "data": data,
    }


def time_of(body):
    said = body.get("submit_time")
    return datetime.datetime.fromisoformat(said) if said else datetime.datetime.utcnow()


def chosen(session):
    query = session.query(Result)
    for key in ("item", "type"):
        if key in request.args:
            data = aliased(Data)
            query = query.join(data, data.result_id == Result.id)
            query = query.filter(data.key == key, data.value.in_(request.args[key].split(",")))
    if "testcases" in request.args:
        query = query.filter(Result.testcase_name.in_(request.args["testcases"].split(",")))
    return query.order_by(Result.submit_time.desc(), Result.id.desc())


@app.get(f"{API}/results")
def results():
    with Session() as session:
        found = chosen(session).limit(int(request.args.get("limit", 20))).all()
        return jsonify(prev=None, next=None, data=[shown(result) for result in found])


@app.get(f"{API}/results/latest")
def latest():
    keys = request.args.get("_distinct_on", "").split(",")
    with Session() as session:
        newest = {}
        for result in chosen(session):
            data = {one.key: one.value for one in result.data}
            newest.setdefault((result.testcase_name, *(data.get(key) for key in keys)), result)
        return jsonify(data=[shown(result) for result in newest.values()])


@app.get(f"{API}/results/<int:number>")
def one(number):
    with Session() as session:
        result = session.get(Result, number)
        return jsonify(shown(result)) if result else (jsonify(message="Result not found"), 404)


@app.post(f"{API}/results")
def post():
    body = request.get_json()
    with Session() as session:
        testcase = session.get(Testcase, body["testcase"]) or Testcase(name=body["testcase"])
        data = [Data(key=key, value=str(value)) for key, value in body["data"].items()]
        result = Result(testcase=testcase, submit_time=time_of(body), outcome=body["outcome"], data=data)
        session.add(result)
        session.commit()
        return jsonify(shown(result)), 201


@app.post("/api/v1/results/import")
def bulk():
    """So that it can be filled as Tidegate is."""
    bodies = [json.loads(line) for line in request.get_data().splitlines()]
    with Session() as session:
        known = {name for (name,) in session.query(Testcase.name)}
        fresh = {body["testcase"] for body in bodies} - known
        session.bulk_save_objects([Testcase(name=name) for name in fresh])
        rows = [
            {"testcase_name": body["testcase"], "submit_time": time_of(body), "outcome": body["outcome"]} for body in bodies
        ]
        first = (session.query(Result.id).order_by(Result.id.desc()).limit(1).scalar() or 0) + 1
        for place, row in enumerate(rows):
            row["id"] = first + place
        session.bulk_insert_mappings(Result, rows)
        values = [
            {"result_id": first + place, "key": key, "value": value}
            for place, body in enumerate(bodies)
            for key, value in body["data"].items()
        ]
        session.bulk_insert_mappings(Data, values)
        session.execute(text("SELECT setval('result_id_seq', :last)"), {"last": first + len(rows) - 1})
        session.commit()
    return Response(json.dumps({"accepted": len(bodies)}), mimetype="application/json")


Base.metadata.create_all(engine)
# the workers are children of this process, and each has a connection of its own
engine.dispose()
