/// The paths of group gifts, of ratings, and of what people look at and search for.
let groupPaths = """
            "/v1/gifts/{id}/rating": {
              "post": {
                "summary": "Keeps what the recipient thinks of an accepted gift, once, with a link to pass on.",
                "security": [{"key": []}],
                "parameters": [{"$ref": "#/components/parameters/id"}, {"$ref": "#/components/parameters/key"}],
                "requestBody": {
                  "required": true,
                  "content": {"application/json": {"schema": {
                    "type": "object",
                    "required": ["openid", "stars"],
                    "properties": {
                      "openid": {"$ref": "#/components/schemas/OpenID"},
                      "stars": {"type": "integer", "minimum": 1, "maximum": 5}
                    }
                  }}}
                },
                "responses": {
                  "200": {
                    "description": "The rating, now or before.",
                    "content": \(document("Rating"))
                  },
                  \(problems(400, 401, 403, 409, 413, 415, 422, 503))
                }
              }
            },
            "/v1/orders/{id}/lines/{line}/rating": {
              "post": {
                "summary": "Keeps what whoever paid thinks of a line of an order, once, with a link to pass on; gifts are rated as gifts.",
                "security": [{"key": []}],
                "parameters": [
                  {"$ref": "#/components/parameters/id"},
                  {
                    "name": "line", "in": "path", "required": true, "schema": {"type": "integer", "minimum": 1, "maximum": 1000},
                    "description": "From 1; an order without lines is one."
                  },
                  {"$ref": "#/components/parameters/key"}
                ],
                "requestBody": {
                  "required": true,
                  "content": {"application/json": {"schema": {
                    "type": "object",
                    "required": ["openid", "stars"],
                    "properties": {
                      "openid": {"$ref": "#/components/schemas/OpenID"},
                      "stars": {"type": "integer", "minimum": 1, "maximum": 5}
                    }
                  }}}
                },
                "responses": {
                  "200": {
                    "description": "The rating, now or before.",
                    "content": \(document("Rating"))
                  },
                  \(problems(400, 401, 403, 409, 413, 415, 422, 503))
                }
              }
            },
            "/v1/rating-visits": {
              "post": {
                "summary": "Says whose rating a link passes on, and remembers who came by it.",
                "security": [{"key": []}],
                "parameters": [{"$ref": "#/components/parameters/key"}],
                "requestBody": {
                  "required": true,
                  "content": {"application/json": {"schema": {
                    "type": "object",
                    "required": ["openid", "share"],
                    "properties": {
                      "openid": {"$ref": "#/components/schemas/OpenID"},
                      "share": {"type": "string", "description": "From the rating."}
                    }
                  }}}
                },
                "responses": {
                  "200": {
                    "description": "The rating that was passed on.",
                    "content": \(document("Rating"))
                  },
                  \(problems(400, 401, 404, 409, 413, 415, 503))
                }
              }
            },
            "/v1/gift-looks": {
              "post": {
                "summary": "Keeps that somebody was shown that they may give a product: for reports alone.",
                "security": [{"key": []}],
                "parameters": [{"$ref": "#/components/parameters/key"}],
                "requestBody": {
                  "required": true,
                  "content": {"application/json": {"schema": {
                    "type": "object",
                    "required": ["openid", "product_id"],
                    "properties": {
                      "openid": {"$ref": "#/components/schemas/OpenID"},
                      "product_id": {"type": "string", "format": "uuid"},
                      "entry": {"type": "string", "description": "The code of where it was shown; without, it is unknown."}
                    }
                  }}}
                },
                "responses": {
                  "200": {
                    "description": "Kept.",
                    "content": {"application/json": {"schema": {"type": "object", "properties": {"kept": {"const": true}}}}}
                  },
                  \(problems(400, 401, 403, 404, 409, 413, 415, 422, 503))
                }
              }
            },
            "/v1/gift-searches": {
              "post": {
                "summary": "Counts a search for gifts by its keyword and day, without the person: for reports alone.",
                "security": [{"key": []}],
                "parameters": [{"$ref": "#/components/parameters/key"}],
                "requestBody": {
                  "required": true,
                  "content": {"application/json": {"schema": {
                    "type": "object",
                    "required": ["shop_id", "keyword"],
                    "properties": {
                      "shop_id": {"type": "string", "format": "uuid"},
                      "keyword": {"type": "string", "minLength": 1, "maxLength": 40}
                    }
                  }}}
                },
                "responses": {
                  "200": {
                    "description": "Counted.",
                    "content": {"application/json": {"schema": {"type": "object", "properties": {"kept": {"const": true}}}}}
                  },
                  \(problems(400, 401, 403, 409, 413, 415, 422, 503))
                }
              }
            },
            "/gg/{token}": {
              "get": {
                "summary": "The page of a group gift, in Chinese or English: WeChat says first who opens it. It shows no price.",
                "parameters": [
                  {"$ref": "#/components/parameters/token"}, {"$ref": "#/components/parameters/lang"},
                  {"name": "code", "in": "query", "schema": {"type": "string"}, "description": "From WeChat."},
                  {"name": "state", "in": "query", "schema": {"type": "string"}, "description": "From WeChat."}
                ],
                "responses": {
                  "200": {"$ref": "#/components/responses/Page"},
                  "302": {"description": "To WeChat, which sends the person back."},
                  "303": {"description": "Recognized: to the page itself."},
                  "403": {"$ref": "#/components/responses/Page"},
                  "503": {"$ref": "#/components/responses/Page"}
                }
              }
            },
            "/gg/{token}/enter": {
              "post": {
                "summary": "Enters the visitor among those who may win; once, however often it is sent.",
                "parameters": [{"$ref": "#/components/parameters/token"}, {"$ref": "#/components/parameters/lang"}],
                "requestBody": {"$ref": "#/components/requestBodies/Form"},
                "responses": {
                  "303": {"description": "Done, now or before: to the page."},
                  "401": {"$ref": "#/components/responses/Page"},
                  "403": {"$ref": "#/components/responses/Page"},
                  "415": {"$ref": "#/components/responses/Problem"},
                  "422": {"$ref": "#/components/responses/Page"}
                }
              }
            },
            "/gg/{token}/draw": {
              "get": {
                "summary": "What is published of a group gift: enough for anybody to compute the draw again.",
                "parameters": [{"$ref": "#/components/parameters/token"}],
                "responses": {
                  "200": {
                    "description": "Terms, commitment and entries; with the draw, its seed and its wins.",
                    "content": \(document("GroupDraw"))
                  },
                  \(problems(404))
                }
              }
            },
            "/v1/gift-groups": {
              "post": {
                "summary": "Begins a group gift: what is given to how many, how it is shared, and when lots are drawn.",
                "description": "The price is captured here; from there on it is paid, or begun anew.",
                "security": [{"key": []}],
                "parameters": [{"$ref": "#/components/parameters/key"}],
                "requestBody": {
                  "required": true,
                  "content": \(document("GroupCreate"))
                },
                "responses": {
                  "201": {
                    "description": "The group gift with its price, as its giver sees it.",
                    "content": \(document("GroupSenderView"))
                  },
                  \(problems(400, 401, 403, 404, 409, 413, 415, 422, 503))
                }
              }
            },
            "/v1/gift-groups/{id}": {
              "get": {
                "summary": "The group gift as the person who asks may see it: its giver with the money, everybody else without.",
                "security": [{"key": []}],
                "parameters": [
                  {"$ref": "#/components/parameters/id"},
                  {"name": "openid", "in": "query", "required": true, "schema": {"$ref": "#/components/schemas/OpenID"}}
                ],
                "responses": {
                  "200": {
                    "description": "For its giver, or for a guest.",
                    "content": {"application/json": {"schema": {
                      "oneOf": [{"$ref": "#/components/schemas/GroupSenderView"}, {"$ref": "#/components/schemas/GroupGuestView"}]
                    }}}
                  },
                  \(problems(401, 403, 404, 422))
                }
              }
            },
            "/v1/gift-groups/{id}/draw": {
              "get": {
                "summary": "What is published of a group gift: enough for anybody to compute the draw again.",
                "security": [{"key": []}],
                "parameters": [{"$ref": "#/components/parameters/id"}],
                "responses": {
                  "200": {
                    "description": "Terms, commitment and entries; with the draw, its seed and its wins.",
                    "content": \(document("GroupDraw"))
                  },
                  \(problems(401, 403, 404))
                }
              }
            },
            "/v1/gift-groups/{id}/pay": {
              "post": {
                "summary": "Keeps all pieces in stock and asks for the money of all; again, it gives the same payment.",
                "security": [{"key": []}],
                "parameters": [{"$ref": "#/components/parameters/id"}, {"$ref": "#/components/parameters/key"}],
                "requestBody": {
                  "required": true,
                  "content": \(document("Person"))
                },
                "responses": {
                  "200": {
                    "description": "What the mini program needs.",
                    "content": \(document("GroupPayment"))
                  },
                  \(problems(400, 401, 403, 404, 409, 413, 415, 422, 502, 503))
                }
              }
            },
            "/v1/gift-groups/{id}/cancel": {
              "post": {
                "summary": "Calls off what nobody has paid for.",
                "security": [{"key": []}],
                "parameters": [{"$ref": "#/components/parameters/id"}, {"$ref": "#/components/parameters/key"}],
                "requestBody": {
                  "required": true,
                  "content": \(document("Person"))
                },
                "responses": {
                  "200": {
                    "description": "The group gift, cancelled.",
                    "content": \(document("GroupSenderView"))
                  },
                  \(problems(400, 401, 403, 404, 409, 413, 415, 503))
                }
              }
            },
            "/v1/gift-groups/{id}/entries": {
              "post": {
                "summary": "Enters somebody among those who may win; whoever has entered keeps their place.",
                "description": "409 when as many have entered as may, 410 when the time is over, 422 for its giver.",
                "security": [{"key": []}],
                "parameters": [{"$ref": "#/components/parameters/id"}, {"$ref": "#/components/parameters/key"}],
                "requestBody": {
                  "required": true,
                  "content": \(document("Person"))
                },
                "responses": {
                  "200": {
                    "description": "The group gift, as somebody who entered sees it.",
                    "content": \(document("GroupGuestView"))
                  },
                  \(problems(400, 401, 403, 404, 409, 410, 413, 415, 422, 503))
                }
              }
            }
    """

/// The schemas of group gifts and of ratings.
let groupSchemas = """
              "Rating": {
                "type": "object",
                "required": ["stars", "rated_at", "rater_id", "share"],
                "properties": {
                  "product_id": {"type": "string", "format": "uuid", "description": "Missing where an order does not say what was bought."},
                  "stars": {"type": "integer", "minimum": 1, "maximum": 5},
                  "rated_at": {"type": "string", "format": "date-time"},
                  "rater_id": {"type": "string", "format": "uuid", "description": "The same for all that one person rates."},
                  "share": {"type": "string"}
                }
              },
              "GroupCreate": {
                "type": "object",
                "required": [
                  "openid", "shop_id", "variant_id", "units", "places", "split", "draw", "entries_max"
                ],
                "properties": {
                  "openid": {"$ref": "#/components/schemas/OpenID"},
                  "shop_id": {"type": "string", "format": "uuid"},
                  "variant_id": {"type": "string", "format": "uuid"},
                  "units": {"type": "integer", "minimum": 1, "description": "How many pieces are given."},
                  "places": {"type": "integer", "minimum": 1, "description": "How many people win at most; each wins a piece at least."},
                  "split": {"enum": ["fixed", "lucky"], "description": "As many for each, or the rest by luck."},
                  "draw": {"enum": ["when_full", "at_time"]},
                  "entries_max": {"type": "integer", "minimum": 1, "description": "How many may enter; when_full waits for all of them."},
                  "draw_at": {"type": "string", "format": "date-time", "description": "With at_time: when lots are drawn."},
                  "greeting": {"type": "string", "maxLength": 100},
                  "cover": {"type": "string"},
                  "entry": {"type": "string"}
                }
              },
              "GroupPayment": {
                "type": "object",
                "required": [
                  "group_id", "payment_id", "payment"
                ],
                "properties": {
                  "group_id": {"type": "string", "format": "uuid"},
                  "payment_id": {"type": "string", "format": "uuid"},
                  "payment": {"type": "object", "description": "For wx.requestPayment, as it is.", "additionalProperties": {"type": "string"}}
                }
              },
              "GroupSenderView": {
                "type": "object",
                "required": [
                  "group_id", "role", "state", "shop_id", "product_id", "variant_id", "variant_title", "units",
                  "places", "split", "draw", "entries_max", "price_fen", "amount_fen", "entries", "commitment",
                  "created_at"
                ],
                "properties": {
                  "group_id": {"type": "string", "format": "uuid"},
                  "role": {"const": "sender"},
                  "state": {"enum": ["quoted", "paying", "open", "drawn", "settled", "failed", "cancelled"]},
                  "shop_id": {"type": "string", "format": "uuid"},
                  "product_id": {"type": "string", "format": "uuid"},
                  "variant_id": {"type": "string", "format": "uuid"},
                  "variant_title": {"type": "string"},
                  "units": {"type": "integer", "minimum": 1},
                  "places": {"type": "integer", "minimum": 1},
                  "split": {"enum": ["fixed", "lucky"]},
                  "draw": {
                    "type": "object", "required": ["when"],
                    "properties": {"when": {"enum": ["when_full", "at_time"]}, "at": {"type": "string", "format": "date-time"}}
                  },
                  "entries_max": {"type": "integer", "minimum": 1},
                  "greeting": {"type": "string"},
                  "cover": {"type": "string"},
                  "entry": {"type": "string"},
                  "price_fen": {"type": "integer", "description": "Of one piece."},
                  "amount_fen": {"type": "integer", "description": "Of all pieces."},
                  "pay_until": {"type": "string", "format": "date-time"},
                  "payment_id": {"type": "string", "format": "uuid"},
                  "order_id": {"type": "string", "format": "uuid"},
                  "opened_at": {"type": "string", "format": "date-time"},
                  "enter_until": {"type": "string", "format": "date-time"},
                  "entries": {"type": "integer", "minimum": 0},
                  "commitment": {"type": "string", "description": "32 bytes in hex."},
                  "drawn_at": {"type": "string", "format": "date-time"},
                  "seed": {"type": "string", "description": "32 bytes in hex."},
                  "accept_until": {"type": "string", "format": "date-time"},
                  "gifts_waiting": {"type": "integer", "minimum": 0},
                  "units_accepted": {"type": "integer", "minimum": 0},
                  "ended_at": {"type": "string", "format": "date-time"},
                  "refund": {
                    "type": "object", "required": ["refund_id", "amount_fen"],
                    "properties": {
                      "refund_id": {"type": "string", "format": "uuid"}, "amount_fen": {"type": "integer"},
                      "refunded_at": {"type": "string", "format": "date-time"}
                    }
                  },
                  "created_at": {"type": "string", "format": "date-time"},
                  "page": {"type": "string", "description": "The path of the page to enter at: for the giver to pass on."}
                }
              },
              "GroupGuestView": {
                "type": "object",
                "required": [
                  "group_id", "role", "state", "shop_id", "product_id", "variant_title", "units", "places",
                  "split", "draw", "entries", "entries_max", "commitment"
                ],
                "properties": {
                  "group_id": {"type": "string", "format": "uuid"},
                  "role": {"const": "guest"},
                  "state": {"enum": ["quoted", "paying", "open", "drawn", "settled", "failed", "cancelled"]},
                  "shop_id": {"type": "string", "format": "uuid"},
                  "product_id": {"type": "string", "format": "uuid"},
                  "variant_title": {"type": "string"},
                  "units": {"type": "integer", "minimum": 1},
                  "places": {"type": "integer", "minimum": 1},
                  "split": {"enum": ["fixed", "lucky"]},
                  "draw": {
                    "type": "object", "required": ["when"],
                    "properties": {"when": {"enum": ["when_full", "at_time"]}, "at": {"type": "string", "format": "date-time"}}
                  },
                  "greeting": {"type": "string"},
                  "entries": {"type": "integer", "minimum": 0},
                  "entries_max": {"type": "integer", "minimum": 1},
                  "enter_until": {"type": "string", "format": "date-time"},
                  "commitment": {"type": "string", "description": "32 bytes in hex."},
                  "drawn_at": {"type": "string", "format": "date-time"},
                  "seed": {"type": "string", "description": "32 bytes in hex."},
                  "entry": {
                    "type": "object", "required": ["entry_id", "ordinal"],
                    "properties": {"entry_id": {"type": "string", "format": "uuid"}, "ordinal": {"type": "integer", "minimum": 0}}
                  },
                  "result": {"enum": ["waiting", "won", "not_won"]},
                  "gift": {
                    "type": "object", "required": ["gift_id", "units"],
                    "properties": {
                      "gift_id": {"type": "string", "format": "uuid"}, "units": {"type": "integer", "minimum": 1},
                      "page": {"type": "string"}
                    }
                  }
                }
              },
              "GroupDraw": {
                "type": "object",
                "required": [
                  "group_id", "units", "places", "split", "draw", "entries_max", "commitment", "entries"
                ],
                "properties": {
                  "group_id": {"type": "string", "format": "uuid"},
                  "units": {"type": "integer", "minimum": 1},
                  "places": {"type": "integer", "minimum": 1},
                  "split": {"enum": ["fixed", "lucky"]},
                  "draw": {"enum": ["when_full", "at_time"]},
                  "entries_max": {"type": "integer", "minimum": 1},
                  "draw_at_microseconds": {"type": "integer", "description": "Since 1970; with at_time alone."},
                  "commitment": {"type": "string", "description": "SHA-256 of the seed and the terms, in hex."},
                  "entries": {"type": "array", "description": "In their order.", "items": {"type": "string", "format": "uuid"}},
                  "seed": {"type": "string", "description": "32 bytes in hex."},
                  "wins": {"type": "array", "items": {
                    "type": "object", "required": ["rank", "entry_id", "units"],
                    "properties": {
                      "rank": {"type": "integer", "minimum": 1}, "entry_id": {"type": "string", "format": "uuid"},
                      "units": {"type": "integer", "minimum": 1}
                    }
                  }}
                }
              }
    """
