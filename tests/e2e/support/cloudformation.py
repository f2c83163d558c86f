"""CloudFormation templates as plain data, and checks against the resource specification.

The short forms (`!Ref`, `!Sub`, …) become their long ones. The specification is AWS's own, from the package that
scripts/fetch_aws_specification.sh fetches.
"""

import functools
import json
import pathlib
import re

import yaml

root = pathlib.Path(__file__).resolve().parents[3]
templates = root / "infrastructure/cloudformation"
specification_path = root / "build/aws-specification/specification.json"

functions = {"Fn::Sub", "Fn::GetAtt", "Fn::If", "Fn::Not", "Fn::Equals", "Ref", "Condition"}
pseudo_parameters = {f"AWS::{name}" for name in
                     ("AccountId", "NoValue", "Partition", "Region", "StackId", "StackName", "URLSuffix")}
no_value = {"Ref": "AWS::NoValue"}


class Loader(yaml.SafeLoader):
    """Parses YAML 1.1. Refuses duplicate keys."""


def _short_form(loader, suffix, node):
    name = suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}"
    assert name in functions, f"!{suffix} is not known here"
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
        return {name: value.split(".", 1) if name == "Fn::GetAtt" else value}
    assert isinstance(node, yaml.SequenceNode)
    return {name: loader.construct_sequence(node, deep=True)}


def _mapping(loader, node):
    keys = [loader.construct_object(key, deep=True) for key, _ in node.value]
    assert len(keys) == len(set(keys)), f"a key is there twice: {sorted(keys)}"
    return dict(zip(keys, (loader.construct_object(value, deep=True) for _, value in node.value)))


Loader.add_multi_constructor("!", _short_form)
Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def load(name):
    return yaml.load((templates / name).read_text(encoding="utf-8"), Loader)


@functools.cache
def specification():
    assert specification_path.exists(), "run scripts/fetch_aws_specification.sh"
    return json.loads(specification_path.read_text(encoding="utf-8"))


def function_of(value):
    """The name of the intrinsic function, if the value is one; otherwise None."""
    if isinstance(value, dict) and len(value) == 1 and next(iter(value)) in functions:
        return next(iter(value))
    return None


def references(value):
    """(name, attribute or None) of each reference in a value: Ref, GetAtt, and both inside Sub."""
    name = function_of(value)
    if name == "Ref":
        yield value[name], None
    elif name == "Fn::GetAtt":
        yield tuple(value[name])
    elif name == "Fn::Sub":
        for inside in re.findall(r"\$\{([^!}][^}]*)\}", value[name]):
            target, _, attribute = inside.partition(".")
            yield target, attribute or None
    elif isinstance(value, dict):
        for inner in value.values():
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def conditions_used(value):
    if function_of(value) == "Fn::If":
        yield value["Fn::If"][0]
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for inner in value:
            yield from conditions_used(inner)


class Checker:
    """The problems in the resources of a template."""

    primitives = {"String": str, "Boolean": bool, "Integer": int, "Long": int, "Double": (int, float), "Json": dict,
                  "Timestamp": str}

    def __init__(self, template):
        self.template, self.wrong = template, []

    def check(self):
        for name, resource in self.template["Resources"].items():
            known = specification()["ResourceTypes"].get(resource["Type"])
            if known is None:
                self.wrong.append(f"{name}: no type {resource['Type']}")
                continue
            self._properties(name, resource["Type"], resource.get("Properties", {}), known["Properties"])
        return self.wrong

    def _properties(self, where, resource_type, given, known):
        for name, value in given.items():
            if name not in known:
                self.wrong.append(f"{where}.{name} is not known")
            else:
                self._value(f"{where}.{name}", resource_type, value, known[name])
        self.wrong += [f"{where}.{name} is missing" for name, rule in known.items()
                       if rule.get("Required") and name not in given]

    def _value(self, where, resource_type, value, rule):
        name = function_of(value)
        if name == "Fn::If":
            for branch in value[name][1:]:
                self._value(where, resource_type, branch, rule)
        elif name == "Ref":
            parameter = self.template.get("Parameters", {}).get(value["Ref"])
            number = rule.get("PrimitiveType") in ("Integer", "Long", "Double")
            if parameter and number and parameter["Type"] != "Number":  # A number is allowed where a string is expected.
                self.wrong.append(f"{where}: the parameter {value['Ref']} is a {parameter['Type']}")
        elif name in ("Fn::Sub", "Fn::GetAtt"):
            if rule.get("PrimitiveType") != "String":
                self.wrong.append(f"{where} takes no text")
        elif "PrimitiveType" in rule:
            self._primitive(where, value, rule["PrimitiveType"])
        elif rule["Type"] in ("List", "Map"):
            self._collection(where, resource_type, value, rule)
        elif not isinstance(value, dict):
            self.wrong.append(f"{where} is no object")
        else:
            known = specification()["PropertyTypes"][f"{resource_type}.{rule['Type']}"]
            self._properties(where, resource_type, value, known["Properties"])

    def _collection(self, where, resource_type, value, rule):
        if not isinstance(value, list if rule["Type"] == "List" else dict):
            self.wrong.append(f"{where} is no {rule['Type']}")
            return
        item = {"PrimitiveType": rule["PrimitiveItemType"]} if "PrimitiveItemType" in rule else {"Type": rule["ItemType"]}
        items = enumerate(value) if isinstance(value, list) else value.items()
        for key, inner in items:
            self._value(f"{where}[{key}]", resource_type, inner, item)

    def _primitive(self, where, value, kind):
        good = isinstance(value, self.primitives[kind]) and (kind == "Boolean" or not isinstance(value, bool))
        if not good:
            self.wrong.append(f"{where} is {value!r}, and no {kind}")
