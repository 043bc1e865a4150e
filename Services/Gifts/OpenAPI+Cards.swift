/// The paths of cards whose benefits come first.
let cardPaths = """
        "/v1/cards": {
          "post": {
            "summary": "Opens a card: benefits may be used at once, goals are to be met until its end. Needs a partner's key.",
            "description": "When its time is over it is settled: all goals met, the benefits are kept; one missed, and what was used is charged back, up to the cap.",
            "security": [{"key": []}],
            "parameters": [{"$ref": "#/components/parameters/key"}],
            "requestBody": {
              "required": true,
              "content": {
                "application/json": {
                  "schema": {
                    "type": "object",
                    "required": ["openid", "shop_id", "goals", "cap_fen", "ends_at"],
                    "properties": {
                      "openid": {"$ref": "#/components/schemas/OpenID"},
                      "shop_id": {"type": "string", "format": "uuid"},
                      "goals": {
                        "type": "object", "minProperties": 1, "maxProperties": 10,
                        "description": "How often each is to be done, by its name.",
                        "additionalProperties": {"type": "integer", "minimum": 1, "maximum": 10000}
                      },
                      "cap_fen": {"type": "integer", "minimum": 0, "description": "The most that is ever charged back."},
                      "ends_at": {"type": "string", "format": "date-time", "description": "The last instant that counts."}
                    }
                  }
                }
              }
            },
            "responses": {
              "201": {"$ref": "#/components/responses/Card"},
              "400": {"$ref": "#/components/responses/Problem"},
              "401": {"$ref": "#/components/responses/Problem"},
              "403": {"$ref": "#/components/responses/Problem"},
              "404": {"$ref": "#/components/responses/Problem"},
              "409": {"$ref": "#/components/responses/Problem"},
              "413": {"$ref": "#/components/responses/Problem"},
              "415": {"$ref": "#/components/responses/Problem"},
              "422": {"$ref": "#/components/responses/Problem"},
              "503": {"$ref": "#/components/responses/Problem"}
            }
          }
        },
        "/v1/cards/{id}": {
          "get": {
            "summary": "A card as it stands. Needs a partner's key.",
            "security": [{"key": []}],
            "parameters": [{"$ref": "#/components/parameters/id"}],
            "responses": {
              "200": {"$ref": "#/components/responses/Card"},
              "401": {"$ref": "#/components/responses/Problem"},
              "403": {"$ref": "#/components/responses/Problem"},
              "404": {"$ref": "#/components/responses/Problem"}
            }
          }
        },
        "/v1/cards/{id}/events": {
          "post": {
            "summary": "Tells what happened to a card: a goal done (`count` above 0) or undone (below), or a benefit used. Needs a partner's key.",
            "description": "The same `serial` again changes nothing; something else under it is refused.",
            "security": [{"key": []}],
            "parameters": [{"$ref": "#/components/parameters/id"}, {"$ref": "#/components/parameters/key"}],
            "requestBody": {
              "required": true,
              "content": {
                "application/json": {
                  "schema": {
                    "type": "object",
                    "required": ["serial"],
                    "description": "`goal` and `count`, or `benefit_fen` alone.",
                    "properties": {
                      "serial": {"type": "string", "minLength": 1, "maxLength": 100},
                      "goal": {"type": "string"},
                      "count": {"type": "integer", "minimum": -10000, "maximum": 10000},
                      "benefit_fen": {"type": "integer", "minimum": 1},
                      "order_id": {"type": "string", "format": "uuid", "description": "What it happened with: its refund undoes it."}
                    }
                  }
                }
              }
            },
            "responses": {
              "200": {"$ref": "#/components/responses/Card"},
              "400": {"$ref": "#/components/responses/Problem"},
              "401": {"$ref": "#/components/responses/Problem"},
              "403": {"$ref": "#/components/responses/Problem"},
              "404": {"$ref": "#/components/responses/Problem"},
              "409": {"description": "serial_used; card_over: nothing that happens now counts; idempotency_mismatch.", "content": {"application/problem+json": {}}},
              "413": {"$ref": "#/components/responses/Problem"},
              "415": {"$ref": "#/components/responses/Problem"},
              "422": {"$ref": "#/components/responses/Problem"},
              "503": {"$ref": "#/components/responses/Problem"}
            }
          }
        },
        "/v1/card-refunds": {
          "post": {
            "summary": "The money of an order is back: what it counted for on cards is undone, once. Needs a partner's key.",
            "security": [{"key": []}],
            "parameters": [{"$ref": "#/components/parameters/key"}],
            "requestBody": {
              "required": true,
              "content": {
                "application/json": {
                  "schema": {"type": "object", "required": ["order_id"], "properties": {"order_id": {"type": "string", "format": "uuid"}}}
                }
              }
            },
            "responses": {
              "200": {
                "description": "The cards that it counted for, as they stand; those that are settled already stay as they are and are not among them.",
                "content": {
                  "application/json": {
                    "schema": {
                      "type": "object", "required": ["cards"],
                      "properties": {"cards": {"type": "array", "items": {"$ref": "#/components/schemas/Card"}}}
                    }
                  }
                }
              },
              "400": {"$ref": "#/components/responses/Problem"},
              "401": {"$ref": "#/components/responses/Problem"},
              "403": {"$ref": "#/components/responses/Problem"},
              "409": {"$ref": "#/components/responses/Problem"},
              "413": {"$ref": "#/components/responses/Problem"},
              "415": {"$ref": "#/components/responses/Problem"},
              "422": {"$ref": "#/components/responses/Problem"},
              "503": {"$ref": "#/components/responses/Problem"}
            }
          }
        },
    """

/// What they refer to.
let cardSchemas = """
          "Card": {
            "type": "object",
            "additionalProperties": false,
            "required": ["card_id", "shop_id", "state", "goals", "cap_fen", "used_fen", "charged_fen", "ends_at"],
            "properties": {
              "card_id": {"type": "string", "format": "uuid"},
              "shop_id": {"type": "string", "format": "uuid"},
              "state": {"enum": ["active", "kept", "missed"]},
              "goals": {
                "type": "array",
                "items": {
                  "type": "object", "required": ["name", "wanted", "reached"],
                  "properties": {"name": {"type": "string"}, "wanted": {"type": "integer"}, "reached": {"type": "integer"}}
                }
              },
              "cap_fen": {"type": "integer", "minimum": 0},
              "used_fen": {"type": "integer", "minimum": 0},
              "charged_fen": {"type": "integer", "minimum": 0},
              "ends_at": {"type": "string", "format": "date-time"}
            }
          },
    """
