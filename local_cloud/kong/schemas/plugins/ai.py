"""Plugins for language models."""

from __future__ import annotations

from local_cloud.kong.schemas.fields import (
    HTTP,
    NO_CONSUMER,
    Field,
    array,
    boolean,
    host,
    integer,
    number,
    one_of,
    plugin,
    port,
    protocols,
    record,
    string,
)
from local_cloud.kong.schemas.rules import at_least_one_of, custom, mutually_required, when, when_at_least_one_of

_MODEL_RULES = [
    when(
        "model.provider",
        {"one_of": ["bedrock", "gemini"]},
        "auth.allow_override",
        {"eq": False},
        err="bedrock and gemini only support auth.allow_override = false",
    ),
    mutually_required("auth.header_name", "auth.header_value"),
    mutually_required("auth.param_name", "auth.param_value", "auth.param_location"),
    when_at_least_one_of(
        "model.provider", {"one_of": ["llama2"]}, ["model.options.llama2_format"], "must set %s for llama2 provider"
    ),
    when_at_least_one_of(
        "model.provider", {"one_of": ["mistral"]}, ["model.options.mistral_format"], "must set %s for mistral provider"
    ),
    when_at_least_one_of(
        "model.provider",
        {"one_of": ["anthropic"]},
        ["model.options.anthropic_version"],
        "must set %s for anthropic provider",
    ),
    when_at_least_one_of(
        "model.provider", {"one_of": ["azure"]}, ["model.options.azure_instance"], "must set %s for azure provider"
    ),
    when_at_least_one_of(
        "model.provider", {"one_of": ["azure"]}, ["model.options.azure_api_version"], "must set %s for azure provider"
    ),
    when_at_least_one_of(
        "model.provider", {"one_of": ["azure"]}, ["model.options.azure_deployment_id"], "must set %s for azure provider"
    ),
    when_at_least_one_of(
        "model.provider",
        {"one_of": ["llama2"]},
        ["model.options.upstream_url"],
        "must set %s for self-hosted providers/models",
    ),
    custom("nothing", "route_type", "model", "logging"),
]


def _model_fields() -> dict[str, Field]:
    return {
        "route_type": one_of(["llm/v1/chat", "llm/v1/completions", "preserve"], required=True),
        "auth": record(
            {
                "header_name": string(required=False, referenceable=True),
                "header_value": string(required=False, encrypted=True, referenceable=True),
                "param_name": string(required=False, referenceable=True),
                "param_value": string(required=False, encrypted=True, referenceable=True),
                "param_location": one_of(["query", "body"], required=False),
                "gcp_use_service_account": boolean(False, required=False),
                "gcp_service_account_json": string(required=False, referenceable=True),
                "aws_access_key_id": string(required=False, encrypted=True, referenceable=True),
                "aws_secret_access_key": string(required=False, encrypted=True, referenceable=True),
                "allow_override": boolean(False, required=False),
            },
            required=False,
        ),
        "model": record(
            {
                "provider": one_of(
                    ["openai", "azure", "anthropic", "cohere", "mistral", "llama2", "gemini", "bedrock", "huggingface"],
                    required=True,
                ),
                "name": string(required=False),
                "options": record(
                    {
                        "max_tokens": integer(required=False),
                        "input_cost": number(required=False, gt=0),
                        "output_cost": number(required=False, gt=0),
                        "temperature": number(required=False, between=[0, 5]),
                        "top_p": number(required=False, between=[0, 1]),
                        "top_k": integer(required=False, between=[0, 500]),
                        "anthropic_version": string(required=False),
                        "azure_instance": string(required=False),
                        "azure_api_version": string(required=False, default="2023-05-15"),
                        "azure_deployment_id": string(required=False),
                        "llama2_format": one_of(["raw", "openai", "ollama"], required=False),
                        "mistral_format": one_of(["openai", "ollama"], required=False),
                        "upstream_url": string(required=False),
                        "upstream_path": string(required=False),
                        "gemini": record(
                            {
                                "api_endpoint": string(required=False),
                                "project_id": string(required=False),
                                "location_id": string(required=False),
                            },
                            checks=[mutually_required("api_endpoint", "project_id", "location_id")],
                            required=False,
                        ),
                        "bedrock": record(
                            {
                                "aws_region": string(required=False),
                            },
                            required=False,
                        ),
                        "huggingface": record(
                            {
                                "use_cache": boolean(required=False),
                                "wait_for_model": boolean(required=False),
                            },
                            required=False,
                        ),
                    },
                    required=False,
                ),
            },
            required=True,
        ),
        "logging": record(
            {
                "log_statistics": boolean(False, required=True),
                "log_payloads": boolean(False, required=True),
            },
            required=True,
        ),
    }


PLUGINS = {
    "ai-proxy": plugin(
        {
            **_model_fields(),
            "response_streaming": one_of(["allow", "deny", "always"], required=False, default="allow"),
            "max_request_body_size": integer(default=8192, gt=0),
            "model_name_header": boolean(True),
            "llm_format": one_of(["openai", "bedrock", "gemini"], required=False, default="openai"),
        },
        protocols=protocols(*HTTP),
        checks=[
            when(
                "config.llm_format",
                {"one_of": ["bedrock", "gemini"]},
                "config.route_type",
                {"eq": "llm/v1/chat"},
                err="native provider options in llm_format can only be used with the 'llm/v1/chat' route_type",
            ),
            when(
                "config.llm_format",
                {"eq": "bedrock"},
                "config.model.provider",
                {"eq": "bedrock"},
                err="native llm_format 'bedrock' can only be used with the 'bedrock' model.provider",
            ),
            when(
                "config.llm_format",
                {"eq": "gemini"},
                "config.model.provider",
                {"eq": "gemini"},
                err="native llm_format 'gemini' can only be used with the 'gemini' model.provider",
            ),
        ],
        config_checks=_MODEL_RULES,
    ),
    "ai-prompt-decorator": plugin(
        {
            "prompts": record(
                {
                    "prepend": array(
                        record(
                            {
                                "role": one_of(["system", "assistant", "user"], required=True, default="system"),
                                "content": string(required=True, len_max=500, len_min=1),
                            },
                            required=False,
                        ),
                        required=False,
                        len_max=15,
                    ),
                    "append": array(
                        record(
                            {
                                "role": one_of(["system", "assistant", "user"], required=True, default="system"),
                                "content": string(required=True, len_max=500, len_min=1),
                            },
                            required=False,
                        ),
                        required=False,
                        len_max=15,
                    ),
                },
                required=False,
            ),
            "max_request_body_size": integer(default=8192, gt=0),
            "llm_format": one_of(["openai", "bedrock", "gemini"], required=False, default="openai"),
        },
        protocols=protocols(*HTTP),
        checks=[at_least_one_of("config.prompts.prepend", "config.prompts.append")],
    ),
    "ai-prompt-template": plugin(
        {
            "templates": array(
                record(
                    {
                        "name": string(required=True),
                        "template": string(required=True),
                    },
                    required=True,
                ),
                required=True,
            ),
            "allow_untemplated_requests": boolean(True, required=True),
            "log_original_request": boolean(False, required=True),
            "max_request_body_size": integer(default=8192, gt=0),
        },
        protocols=protocols(*HTTP),
    ),
    "ai-prompt-guard": plugin(
        {
            "allow_patterns": array(string(len_max=500, len_min=1), required=False, len_max=10),
            "deny_patterns": array(string(len_max=500, len_min=1), required=False, len_max=10),
            "allow_all_conversation_history": boolean(False, required=True),
            "max_request_body_size": integer(default=8192, gt=0),
            "match_all_roles": boolean(False, required=True),
            "llm_format": one_of(["openai", "bedrock", "gemini"], required=False, default="openai"),
        },
        protocols=protocols(*HTTP),
        checks=[
            at_least_one_of("config.allow_patterns", "config.deny_patterns"),
            when("config.match_all_roles", {"eq": True}, "config.allow_all_conversation_history", {"eq": False}),
        ],
    ),
    "ai-request-transformer": plugin(
        {
            "prompt": string(required=True),
            "transformation_extract_pattern": string(required=False),
            "http_timeout": integer(required=True, default=60000),
            "https_verify": boolean(True, required=True),
            "max_request_body_size": integer(default=8192, gt=0),
            "http_proxy_host": host(),
            "http_proxy_port": port(),
            "https_proxy_host": host(),
            "https_proxy_port": port(),
            "llm": record(_model_fields(), checks=_MODEL_RULES, required=True),
        },
        scope=NO_CONSUMER,
        protocols=protocols(*HTTP),
        checks=[
            when(
                "config.llm.route_type",
                {"not_one_of": ["llm/v1/chat"]},
                "config.llm.route_type",
                {"eq": "llm/v1/chat"},
                err="'config.llm.route_type' must be 'llm/v1/chat' for AI transformer plugins",
            ),
            mutually_required("config.http_proxy_host", "config.http_proxy_port"),
            mutually_required("config.https_proxy_host", "config.https_proxy_port"),
        ],
    ),
    "ai-response-transformer": plugin(
        {
            "prompt": string(required=True),
            "transformation_extract_pattern": string(required=False),
            "parse_llm_response_json_instructions": boolean(False, required=True),
            "http_timeout": integer(required=True, default=60000),
            "https_verify": boolean(True, required=True),
            "max_request_body_size": integer(default=8192, gt=0),
            "http_proxy_host": host(),
            "http_proxy_port": port(),
            "https_proxy_host": host(),
            "https_proxy_port": port(),
            "llm": record(_model_fields(), checks=_MODEL_RULES, required=True),
        },
        protocols=protocols(*HTTP),
        checks=[
            when(
                "config.llm.route_type",
                {"not_one_of": ["llm/v1/chat"]},
                "config.llm.route_type",
                {"eq": "llm/v1/chat"},
                err="'config.llm.route_type' must be 'llm/v1/chat' for AI transformer plugins",
            ),
            mutually_required("config.http_proxy_host", "config.http_proxy_port"),
            mutually_required("config.https_proxy_host", "config.https_proxy_port"),
        ],
    ),
}
