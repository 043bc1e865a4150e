/// The paths of after-sales.
let aftersalePaths = """
        "/v1/aftersales": {
          "get": {
            "summary": "The cases of the brand, or of the key's shop: by their ids, those of one open state by how long they wait. Needs a staff key.",
            "security": [{"key": []}],
            "parameters": [
              {"name": "state", "in": "query", "schema": {"$ref": "#/components/schemas/AftersaleState"}},
              {"name": "after", "in": "query", "schema": {"type": "string", "format": "uuid"},
               "description": "The `next` of the page before."},
              {"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": 200, "default": 50}}
            ],
            "responses": {
              "200": {
                "description": "A page; `next` leads to the one after it.",
                "content": {
                  "application/json": {
                    "schema": {
                      "type": "object",
                      "required": ["aftersales"],
                      "properties": {
                        "aftersales": {"type": "array", "items": {"$ref": "#/components/schemas/ShopAftersale"}},
                        "next": {"type": "string", "format": "uuid"}
                      }
                    }
                  }
                }
              },
              \(problems(401, 403, 422, 503))
            }
          },
          "post": {
            "summary": "Asks for money back, or to send goods back, of an order or a gift. The money goes to whoever paid.",
            "security": [{"key": []}],
            "parameters": [{"$ref": "#/components/parameters/key"}],
            "requestBody": {
              "required": true,
              "content": \(document("AskAftersale"))
            },
            "responses": {
              "201": {
                "description": "The case, as who opened it sees it.",
                "content": \(document("Aftersale"))
              },
              \(problems(400, 401, 403, 404, 409, 413, 415, 422, 423, 503))
            }
          }
        },
        "/v1/aftersales/{id}": {
          "get": {
            "summary": "A case, as the person who asks may see it.",
            "security": [{"key": []}],
            "parameters": [
              {"name": "id", "in": "path", "required": true, "schema": {"type": "string", "format": "uuid"},
               "description": "The case."},
              {"name": "openid", "in": "query", "required": true, "schema": {"$ref": "#/components/schemas/OpenID"}}
            ],
            "responses": {
              "200": {
                "description": "The case.",
                "content": \(document("Aftersale"))
              },
              \(problems(401, 403, 422, 503))
            }
          }
        },
        "/v1/aftersales/{id}/sent": {
          "post": {
            "summary": "The goods are on their way back.",
            "security": [{"key": []}],
            "parameters": [{"name": "id", "in": "path", "required": true, "schema": {"type": "string", "format": "uuid"},
               "description": "The case."}, {"$ref": "#/components/parameters/key"}],
            "requestBody": {
              "required": true,
              "content": \(document("SentAftersale"))
            },
            "responses": {
              "200": {
                "description": "The case.",
                "content": \(document("Aftersale"))
              },
              \(problems(400, 401, 403, 409, 413, 415, 422, 503))
            }
          }
        },
        "/v1/aftersales/{id}/withdraw": {
          "post": {
            "summary": "Who opened it does not want it any more.",
            "security": [{"key": []}],
            "parameters": [{"name": "id", "in": "path", "required": true, "schema": {"type": "string", "format": "uuid"},
               "description": "The case."}, {"$ref": "#/components/parameters/key"}],
            "requestBody": {
              "required": true,
              "content": \(document("Person"))
            },
            "responses": {
              "200": {
                "description": "The case.",
                "content": \(document("Aftersale"))
              },
              \(problems(400, 401, 403, 409, 413, 415, 422, 503))
            }
          }
        },
        "/v1/hooks/{source}/aftersales/{id}": {
          "post": {
            "summary": "The shop answers: it agrees, refuses, or has received what was sent back. Signed as Standard Webhooks has it, by a source for `aftersales`; to one of a single shop the cases of others are unknown.",
            "parameters": [{"name": "source", "in": "path", "required": true, "schema": {"type": "string"}}, {"name": "id", "in": "path", "required": true, "schema": {"type": "string", "format": "uuid"},
               "description": "The case."}],
            "requestBody": {
              "required": true,
              "content": \(document("AftersaleDecision"))
            },
            "responses": {
              "200": {
                "description": "The case, as the shop sees it; the same answer to the same delivery.",
                "content": \(document("ShopAftersale"))
              },
              \(problems(400, 401)),
              "403": {
                "description": "purpose_missing: signed by the source, whose secret is for other hooks; whoever runs the installation may add the purpose.",
                "content": {"application/problem+json": {}}
              },
              \(problems(404, 409, 413, 422, 503))
            }
          }
        },
    """

/// What they refer to.
let aftersaleSchemas = """
          "AftersaleState": {
            "enum": ["requested", "returning", "returned", "refunding", "refunded", "refused", "withdrawn", "timed_out"]
          },
          "AftersaleReason": {"enum": ["not_wanted", "not_delivered", "damaged", "incomplete", "not_as_described", "wrong_goods", "other"]},
          "AftersaleRefusal": {"enum": ["not_in_rules", "goods_used", "goods_incomplete", "goods_not_received", "nothing_wrong", "settled_otherwise", "other"]},
          "AskAftersale": {
            "type": "object",
            "description": "Of one of `gift_id` and `order_id`. Only who paid may name `amount_fen`.",
            "required": ["openid", "kind", "reason"],
            "properties": {
              "openid": {"$ref": "#/components/schemas/OpenID"},
              "gift_id": {"type": "string", "format": "uuid"},
              "order_id": {"type": "string", "format": "uuid"},
              "kind": {"enum": ["refund", "return"]},
              "line": {"type": "integer", "minimum": 1},
              "quantity": {"type": "integer", "minimum": 1},
              "amount_fen": {"type": "integer", "minimum": 1},
              "reason": {"$ref": "#/components/schemas/AftersaleReason"}
            }
          },
          "SentAftersale": {
            "type": "object",
            "required": ["openid", "carrier", "waybill"],
            "properties": {
              "openid": {"$ref": "#/components/schemas/OpenID"},
              "carrier": {"type": "string", "minLength": 2, "maxLength": 20},
              "waybill": {"type": "string", "minLength": 5, "maxLength": 40}
            }
          },
          "AftersaleDecision": {
            "type": "object",
            "required": ["decision"],
            "properties": {
              "decision": {"enum": ["agree", "refuse", "receive"]},
              "reason": {"$ref": "#/components/schemas/AftersaleRefusal"},
              "restock": {"type": "boolean", "default": false}
            }
          },
          "Aftersale": {
            "oneOf": [
              {"$ref": "#/components/schemas/PayerAftersale"}, {"$ref": "#/components/schemas/RecipientAftersale"}
            ]
          },
          "PayerAftersale": {
            "type": "object",
            "description": "Of a case that a recipient opened, neither why nor by which parcel.",
            "required": ["aftersale_id", "role", "order_id", "shop_id", "opened_by", "kind", "quantity", "amount_fen", "state",
              "requested_at"],
            "properties": {
              "aftersale_id": {"type": "string", "format": "uuid"},
              "role": {"const": "payer"},
              "order_id": {"type": "string", "format": "uuid"},
              "shop_id": {"type": "string", "format": "uuid"},
              "opened_by": {"enum": ["payer", "recipient"]},
              "kind": {"enum": ["refund", "return"]},
              "line": {"type": "integer"},
              "quantity": {"type": "integer"},
              "amount_fen": {"type": "integer"},
              "reason": {"$ref": "#/components/schemas/AftersaleReason"},
              "state": {"$ref": "#/components/schemas/AftersaleState"},
              "refusal": {"$ref": "#/components/schemas/AftersaleRefusal"},
              "carrier": {"type": "string"},
              "waybill": {"type": "string"},
              "refund_id": {"type": "string", "format": "uuid"},
              "due_at": {"type": "string", "format": "date-time"},
              "requested_at": {"type": "string", "format": "date-time"},
              "ended_at": {"type": "string", "format": "date-time"}
            }
          },
          "RecipientAftersale": {
            "type": "object",
            "description": "Nothing from which a price could be told.",
            "required": ["aftersale_id", "role", "shop_id", "kind", "quantity", "reason", "state", "requested_at"],
            "properties": {
              "aftersale_id": {"type": "string", "format": "uuid"},
              "role": {"const": "recipient"},
              "shop_id": {"type": "string", "format": "uuid"},
              "kind": {"enum": ["refund", "return"]},
              "quantity": {"type": "integer"},
              "reason": {"$ref": "#/components/schemas/AftersaleReason"},
              "state": {"$ref": "#/components/schemas/AftersaleState"},
              "refusal": {"$ref": "#/components/schemas/AftersaleRefusal"},
              "carrier": {"type": "string"},
              "waybill": {"type": "string"},
              "money": {"const": "refunded_to_giver"},
              "due_at": {"type": "string", "format": "date-time"},
              "requested_at": {"type": "string", "format": "date-time"},
              "ended_at": {"type": "string", "format": "date-time"}
            }
          },
          "ShopAftersale": {
            "type": "object",
            "required": ["aftersale_id", "order_id", "shop_id", "opened_by", "kind", "quantity", "amount_fen", "reason", "state",
              "restocked", "requested_at"],
            "properties": {
              "aftersale_id": {"type": "string", "format": "uuid"},
              "order_id": {"type": "string", "format": "uuid"},
              "shop_id": {"type": "string", "format": "uuid"},
              "opened_by": {"enum": ["payer", "recipient"]},
              "kind": {"enum": ["refund", "return"]},
              "line": {"type": "integer"},
              "variant_id": {"type": "string", "format": "uuid"},
              "quantity": {"type": "integer"},
              "amount_fen": {"type": "integer"},
              "reason": {"$ref": "#/components/schemas/AftersaleReason"},
              "state": {"$ref": "#/components/schemas/AftersaleState"},
              "refusal": {"$ref": "#/components/schemas/AftersaleRefusal"},
              "decided_by": {"enum": ["merchant", "deadline"]},
              "carrier": {"type": "string"},
              "waybill": {"type": "string"},
              "restocked": {"type": "boolean"},
              "refund_id": {"type": "string", "format": "uuid"},
              "due_at": {"type": "string", "format": "date-time"},
              "requested_at": {"type": "string", "format": "date-time"},
              "ended_at": {"type": "string", "format": "date-time"}
            }
          },
    """
