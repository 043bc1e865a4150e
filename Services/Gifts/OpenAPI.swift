/// The API of siyu-gifts, served at `/openapi.json`.
let openAPI = """
    {
      "openapi": "3.1.0",
      "info": {
        "title": "siyu-gifts",
        "version": "1",
        "description": "Gifts from friend to friend, refunded when nobody takes them."
      },
      "paths": {
    \(groupPaths),
    \(cashPaths)
        "/g/{token}": {
          "get": {
            "summary": "The recipient's page, in Chinese or English: WeChat says first who opens it. It shows no price.",
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
        "/g/{token}/open": {
          "post": {
            "summary": "Unwraps the gift.",
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
        "/g/{token}/accept": {
          "post": {
            "summary": "Takes the gift, with what was chosen and where it goes, all together or nothing.",
            "parameters": [{"$ref": "#/components/parameters/token"}, {"$ref": "#/components/parameters/lang"}],
            "requestBody": {"$ref": "#/components/requestBodies/GiftForm"},
            "responses": {
              "303": {"description": "Done, now or before: to the page."},
              "401": {"$ref": "#/components/responses/Page"},
              "403": {"$ref": "#/components/responses/Page"},
              "415": {"$ref": "#/components/responses/Problem"},
              "422": {"$ref": "#/components/responses/Page"}
            }
          }
        },
        "/g/{token}/decline": {
          "post": {
            "summary": "Sends the gift back.",
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
        "/v1/gifts": {
          "post": {
            "summary": "Begins a gift: who gives what to whom. Exactly one recipient, who is not the giver.",
            "security": [{"key": []}],
            "parameters": [{"$ref": "#/components/parameters/key"}],
            "requestBody": {
              "required": true,
              "content": \(document("Create"))
            },
            "responses": {
              "201": {
                "description": "The gift, as its giver sees it.",
                "content": \(document("SenderView"))
              },
              \(problems(400, 401, 403, 404, 409, 413, 415, 503, 422))
            }
          }
        },
        "/v1/giftable": {
          "get": {
            "summary": "Whether a product page may offer to give what it shows: what beginning a gift would say at this moment.",
            "description": "404 also for a person for whom gifts are not released yet.",
            "security": [{"key": []}],
            "parameters": [
              {"name": "openid", "in": "query", "required": true, "schema": {"$ref": "#/components/schemas/OpenID"}},
              {"name": "product_id", "in": "query", "required": true, "schema": {"type": "string", "format": "uuid"}}
            ],
            "responses": {
              "200": {
                "description": "The product, variant by variant.",
                "content": \(document("Giftable"))
              },
              \(problems(401, 403, 404, 422))
            }
          }
        },
        "/v1/gifts/{id}": {
          "get": {
            "summary": "The gift as the person who asks may see it: the view follows from who they are in it.",
            "security": [{"key": []}],
            "parameters": [
              {"$ref": "#/components/parameters/id"},
              {"name": "openid", "in": "query", "required": true, "schema": {"$ref": "#/components/schemas/OpenID"}}
            ],
            "responses": {
              "200": {
                "description": "For its giver, or for its recipient.",
                "content": {
                  "application/json": {
                    "schema": {
                      "oneOf": [
                        {"$ref": "#/components/schemas/SenderView"},
                        {"$ref": "#/components/schemas/RecipientView"}
                      ]
                    }
                  }
                }
              },
              \(problems(401, 403, 409, 422))
            }
          }
        },
        "/v1/gifts/{id}/quote": {
          "post": {
            "summary": "Shows the giver the price and captures it; again until the gift is paid for.",
            "security": [{"key": []}],
            "parameters": [{"$ref": "#/components/parameters/id"}, {"$ref": "#/components/parameters/key"}],
            "requestBody": {
              "required": true,
              "content": \(document("Person"))
            },
            "responses": {
              "200": {
                "description": "The gift with its price.",
                "content": \(document("SenderView"))
              },
              \(problems(400, 401, 403, 409, 413, 415, 503, 422))
            }
          }
        },
        "/v1/gifts/{id}/pay": {
          "post": {
            "summary": "Keeps one piece in stock and asks for the money; again, it gives the same payment.",
            "security": [{"key": []}],
            "parameters": [{"$ref": "#/components/parameters/id"}, {"$ref": "#/components/parameters/key"}],
            "requestBody": {
              "required": true,
              "content": \(document("Person"))
            },
            "responses": {
              "200": {
                "description": "What the mini program needs.",
                "content": \(document("Payment"))
              },
              \(problems(400, 401, 403, 409, 413, 415, 503, 422, 502))
            }
          }
        },
        "/v1/gifts/{id}/cancel": {
          "post": {
            "summary": "Calls the gift off before it is sent. A sent gift cannot be cancelled.",
            "security": [{"key": []}],
            "parameters": [{"$ref": "#/components/parameters/id"}, {"$ref": "#/components/parameters/key"}],
            "requestBody": {
              "required": true,
              "content": \(document("Person"))
            },
            "responses": {
              "200": {
                "description": "The gift, cancelled.",
                "content": \(document("SenderView"))
              },
              \(problems(400, 401, 403, 409, 413, 415, 503, 423))
            }
          }
        },
        "/v1/gifts/{id}/claim": {
          "post": {
            "summary": "Opens the gift for its recipient.",
            "security": [{"key": []}],
            "parameters": [{"$ref": "#/components/parameters/id"}, {"$ref": "#/components/parameters/key"}],
            "requestBody": {
              "required": true,
              "content": \(document("Person"))
            },
            "responses": {
              "200": {
                "description": "The gift, as its recipient sees it.",
                "content": \(document("RecipientView"))
              },
              \(problems(400, 401, 403, 409, 413, 415, 503, 410))
            }
          }
        },
        "/v1/gifts/{id}/address": {
          "put": {
            "summary": "Says where the gift goes. Only the recipient can, and nobody reads it back here.",
            "security": [{"key": []}],
            "parameters": [{"$ref": "#/components/parameters/id"}, {"$ref": "#/components/parameters/key"}],
            "requestBody": {
              "required": true,
              "content": \(document("AddressOfPerson"))
            },
            "responses": {
              "200": {
                "description": "The gift; of the address only that there is one.",
                "content": \(document("RecipientView"))
              },
              \(problems(400, 401, 403, 409, 413, 415, 503, 410, 422, 423))
            }
          }
        },
        "/v1/gifts/{id}/prefilled-address": {
          "put": {
            "summary": "The giver says where the gift goes, if the brand allows it and the recipient has said before that they may.",
            "description": "Until the recipient opens it, who may replace it. Nobody reads it back.",
            "security": [{"key": []}],
            "parameters": [{"$ref": "#/components/parameters/id"}, {"$ref": "#/components/parameters/key"}],
            "requestBody": {
              "required": true,
              "content": \(document("AddressOfPerson"))
            },
            "responses": {
              "200": {
                "description": "The gift, as its giver sees it: nothing of the address.",
                "content": \(document("SenderView"))
              },
              \(problems(400, 401, 403, 409, 413, 415, 422, 503))
            }
          }
        },
        "/v1/address-consents": {
          "put": {
            "summary": "The recipient lets a giver fill in their address from now on, or no more.",
            "security": [{"key": []}],
            "parameters": [{"$ref": "#/components/parameters/key"}],
            "requestBody": {
              "required": true,
              "content": {
                "application/json": {
                  "schema": {
                    "type": "object",
                    "required": ["openid", "giver_openid", "given"],
                    "properties": {
                      "openid": {"$ref": "#/components/schemas/OpenID"},
                      "giver_openid": {"$ref": "#/components/schemas/OpenID"},
                      "given": {"type": "boolean"}
                    }
                  }
                }
              }
            },
            "responses": {
              "200": {
                "description": "What holds now.",
                "content": {
                  "application/json": {
                    "schema": {"type": "object", "required": ["given"], "properties": {"given": {"type": "boolean"}}}
                  }
                }
              },
              \(problems(400, 401, 403, 409, 413, 415, 422, 503))
            }
          }
        },
        "/v1/gifts/{id}/swap": {
          "post": {
            "summary": "Chooses another of the gift's choices instead.",
            "security": [{"key": []}],
            "parameters": [{"$ref": "#/components/parameters/id"}, {"$ref": "#/components/parameters/key"}],
            "requestBody": {
              "required": true,
              "content": \(document("Swap"))
            },
            "responses": {
              "200": {
                "description": "The gift, exchanged.",
                "content": \(document("RecipientView"))
              },
              \(problems(400, 401, 403, 409, 413, 415, 503, 410, 422, 423))
            }
          }
        },
        "/v1/gifts/{id}/accept": {
          "post": {
            "summary": "Takes the gift; it needs an address first.",
            "security": [{"key": []}],
            "parameters": [{"$ref": "#/components/parameters/id"}, {"$ref": "#/components/parameters/key"}],
            "requestBody": {
              "required": true,
              "content": \(document("Person"))
            },
            "responses": {
              "200": {
                "description": "The gift, accepted.",
                "content": \(document("RecipientView"))
              },
              \(problems(400, 401, 403, 409, 413, 415, 503, 410, 422))
            }
          }
        },
        "/v1/gifts/{id}/decline": {
          "post": {
            "summary": "Sends the gift back; its giver is refunded.",
            "security": [{"key": []}],
            "parameters": [{"$ref": "#/components/parameters/id"}, {"$ref": "#/components/parameters/key"}],
            "requestBody": {
              "required": true,
              "content": \(document("Person"))
            },
            "responses": {
              "200": {
                "description": "The gift, declined.",
                "content": \(document("RecipientView"))
              },
              \(problems(400, 401, 403, 409, 413, 415, 503, 410, 423))
            }
          }
        },
        "/v1/gifts/{id}/withdraw": {
          "post": {
            "summary": "The shop takes back what was accepted and it cannot deliver; the lock does not bind it. Needs a staff key.",
            "security": [{"key": []}],
            "parameters": [{"$ref": "#/components/parameters/id"}, {"$ref": "#/components/parameters/key"}],
            "requestBody": {
              "required": true,
              "content": {
                "application/json": {
                  "schema": {
                    "type": "object",
                    "required": ["reason"],
                    "properties": {"reason": {"type": "string", "minLength": 1, "maxLength": 500}}
                  }
                }
              }
            },
            "responses": {
              "200": {
                "description": "Taken back, now or before; the giver is refunded.",
                "content": \(document("Withdrawn"))
              },
              \(problems(400, 401, 403, 404, 409, 413, 415, 422, 503))
            }
          }
        },
    \(aftersalePaths)
    \(slipPaths)
    \(guaranteePaths)
    \(cardPaths)
        "/v1/payouts/{id}": {
          "get": {
            "summary": "Cash that a redemption won, or that a friend gave: how its payment stands, and what the mini program needs to take it.",
            "security": [{"key": []}],
            "parameters": [
              {"name": "id", "in": "path", "required": true, "schema": {"type": "string", "format": "uuid"},
               "description": "The redemption, or the gift of money."},
              {"name": "openid", "in": "query", "required": true, "schema": {"$ref": "#/components/schemas/OpenID"}}
            ],
            "responses": {
              "200": {
                "description": "For the winner alone.",
                "content": \(document("Payout"))
              },
              \(problems(401, 403, 404, 422))
            }
          }
        },
        "/v1/gifts/{id}/transfer": {
          "post": {
            "summary": "Always refused: a gift is for its recipient and cannot be passed on.",
            "security": [{"key": []}],
            "parameters": [{"$ref": "#/components/parameters/id"}, {"$ref": "#/components/parameters/key"}],
            "requestBody": {
              "required": true,
              "content": \(document("Person"))
            },
            "responses": {
              \(problems(400, 401, 403, 409, 413, 415, 503))
            }
          }
        }
      },
    \(components)
    }
    """
