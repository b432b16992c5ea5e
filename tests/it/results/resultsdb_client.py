"""What a CI system does with the client of ResultsDB; prints what it saw."""

import json
import sys

from resultsdb_api import ResultsDBapi, ResultsDBapiException, ResultsDBAuth

url, token = sys.argv[1:]
api = ResultsDBapi(url, auth_token=token, max_retries=0)
seen = {}


def ids(found):
    return [result["id"] for result in found["data"]]


def error(call):
    try:
        call()
    except ResultsDBapiException as refused:
        return refused.message
    return None


def sentence(message):
    """The sentence of a validation error, without what pydantic says around it."""
    head, _, rest = message.partition(": {")
    if not rest:
        return message
    return f"{head}: {rest.split('Value error, ')[1].split(chr(39))[0]}"


seen["testcase"] = api.create_testcase("dist/rpmdeplint", "https://x/t")
seen["testcase_changed"] = api.update_testcase("dist/rpmdeplint", "https://x/other")
seen["testcases_like"] = [testcase["name"] for testcase in api.get_testcases(name_like="dist*")["data"]]
seen["group"] = api.create_group(ref_url="https://x/g", description="nightly")
uuid = seen["group"]["uuid"]
api.update_group(uuid, description="weekly")
seen["group_changed"] = api.get_group(uuid)
seen["groups_like"] = [group["uuid"] for group in api.get_groups(description_like="week*")["data"]]
seen["result"] = api.create_result(
    "FAILED", "dist/rpmdeplint", groups=[uuid], note="n", ref_url="https://x/r",
    item="nethack-9-1.fc44", type="koji_build", arch=["x86_64", "aarch64"], count=3, fine=True,
)
seen["result_again"] = api.get_result(seen["result"]["id"])
seen["found"] = [
    ids(api.get_results(item="nethack-9-1.fc44", type="koji_build")),
    ids(api.get_results(testcases_like="dist/*", outcome=["FAILED", "PASSED"])),
    ids(api.get_results(item="other")),
    ids(api.get_results(groups=[uuid], since="2020-01-01")),
]
for number in range(45):
    api.create_result("PASSED", "other", item=f"p{number}-1-1", type="koji_build")
seen["pages"], page = [], 0
while True:
    found = api.get_results(page=page, limit=20)
    seen["pages"].append(len(found["data"]))
    if found["next"] is None:
        break
    page += 1
basic = ResultsDBapi(url, request_auth=ResultsDBAuth.basic_auth("ci", token), max_retries=0)
seen["by_basic_auth"] = basic.create_result("PASSED", "other", item="q-1-1")["id"]
anybody = ResultsDBapi(url, max_retries=0)
seen["errors"] = [
    error(lambda: api.get_result(4711)),
    error(lambda: anybody.create_result("PASSED", "other")),
    sentence(error(lambda: api.create_result("GOOD", "other"))),
]
print(json.dumps(seen))
