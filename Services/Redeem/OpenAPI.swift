/// The API of siyu-redeem, served at `/openapi.json`.
let openAPI = """
    {
      "openapi": "3.1.0",
      "info": { "title": "siyu-redeem", "version": "1", "description": "Scans of codes, what they win, and stores that hand it over." },
      "paths": {
        "/v1/hooks/{source}/scans": {
          "post": {
            "summary": "Tells of a scan: redeems the code if nobody has, and answers what the person is to see.",
            "description": "Signed as Standard Webhooks says. The same webhook-id and body get the same bytes again.",
            "parameters": [
              { "name": "source", "in": "path", "required": true, "schema": { "type": "string" },
                "description": "The name of the source whose secret signs." },
              { "name": "webhook-id", "in": "header", "required": true, "schema": { "type": "string",
                "maxLength": 255 }, "description": "The same for every attempt of a delivery." },
              { "name": "webhook-timestamp", "in": "header", "required": true, "schema": { "type": "string" },
                "description": "Seconds since 1970, of this attempt; five minutes off at most." },
              { "name": "webhook-signature", "in": "header", "required": true, "schema": { "type": "string" },
                "description": "v1, and the base64 of HMAC-SHA256 over id.timestamp.body; several, with spaces between." }
            ],
            "requestBody": { "required": true, "description": "64 KiB at most.",
              "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Scan" } } } },
            "responses": {
              "200": { "description": "What became of the scan.", "content": {
                "application/json": { "schema": { "$ref": "#/components/schemas/Answer" } } } },
              "400": { "$ref": "#/components/responses/Problem" },
              "401": { "$ref": "#/components/responses/Problem" },
              "403": { "$ref": "#/components/responses/PurposeMissing" },
              "404": { "description": "No such code, after 20 ms at least: unknown, another brand's, or void.",
                "content": { "application/problem+json": {} } },
              "409": { "description": "not_active: not on sale, or held back; nothing was redeemed. idempotency_mismatch: this webhook-id came with another body.",
                "content": { "application/problem+json": {} } },
              "413": { "$ref": "#/components/responses/Problem" },
              "422": { "$ref": "#/components/responses/Problem" },
              "429": { "description": "too_many_requests: this person, device or network tried too much; Retry-After says how long to wait.",
                "content": { "application/problem+json": {} } },
              "503": { "description": "limits_unavailable: what was tried elsewhere is not known; ticket_unavailable: WeChat does not say which code a code_ticket stands for; unavailable: too busy. Nothing was redeemed: the same may be sent again, as Retry-After says.",
                "content": { "application/problem+json": {} } }
            }
          }
        },
        "/v1/hooks/{source}/coupons/{id}/use": {
          "post": {
            "summary": "Has a coupon count for an order.",
            "description": "Signed as Standard Webhooks says. The same order again is answered as before. When all of the order's money went back the coupon is its holder's again, for as long as was left of it.",
            "parameters": [
              { "$ref": "#/components/parameters/source" },
              { "$ref": "#/components/parameters/coupon" },
              { "$ref": "#/components/parameters/webhook-id" },
              { "$ref": "#/components/parameters/webhook-timestamp" },
              { "$ref": "#/components/parameters/webhook-signature" }
            ],
            "requestBody": { "required": true, "description": "4 KiB at most.",
              "content": { "application/json": { "schema": { "$ref": "#/components/schemas/CouponUseRequest" } } } },
            "responses": {
              "200": { "description": "It counts for the order.", "content": {
                "application/json": { "schema": { "$ref": "#/components/schemas/CouponUse" } } } },
              "400": { "$ref": "#/components/responses/Problem" },
              "401": { "$ref": "#/components/responses/Problem" },
              "403": { "$ref": "#/components/responses/PurposeMissing" },
              "404": { "description": "This person has no such coupon, or there is no such order, or it is another shop's than the source's.",
                "content": { "application/problem+json": {} } },
              "409": { "description": "coupon_used: it counts for another order. order_has_coupon: another coupon counts for this order, or did. order_over: nothing is due for the order. below_threshold: the order costs too little. idempotency_mismatch: this webhook-id came with another body.",
                "content": { "application/problem+json": {} } },
              "410": { "description": "coupon_expired: its time is over.", "content": { "application/problem+json": {} } },
              "413": { "$ref": "#/components/responses/Problem" },
              "429": { "$ref": "#/components/responses/Problem" },
              "503": { "$ref": "#/components/responses/Problem" }
            }
          }
        },
        "/v1/coupons": {
          "get": {
            "summary": "The coupons of a person, the last one first.",
            "description": "With an API key of the role partner, on behalf of the shopper whom `openid` names.",
            "parameters": [
              { "name": "openid", "in": "query", "required": true, "schema": { "type": "string" }, "description": "Who asks." },
              { "name": "after", "in": "query", "schema": { "type": "string", "format": "uuid" }, "description": "The `next` of the page before." },
              { "name": "limit", "in": "query", "schema": { "type": "integer", "minimum": 1, "maximum": 100, "default": 50 }, "description": "How many." }
            ],
            "responses": {
              "200": { "description": "A page; none for somebody the brand does not know.", "content": { "application/json": { "schema": {
                "type": "object", "required": ["coupons"], "properties": {
                  "coupons": { "type": "array", "items": { "$ref": "#/components/schemas/Coupon" } },
                  "next": { "type": "string", "format": "uuid", "description": "Where the next page begins; absent at the end." } } } } } },
              "401": { "$ref": "#/components/responses/Problem" },
              "403": { "$ref": "#/components/responses/Problem" },
              "422": { "$ref": "#/components/responses/Problem" },
              "503": { "$ref": "#/components/responses/Problem" }
            }
          }
        },
        "/v1/hooks/{source}/handovers": {
          "post": {
            "summary": "A store hands over what a voucher is for, once.",
            "description": "Signed as Standard Webhooks says. The same webhook-id and body get the same bytes again.",
            "parameters": [
              { "$ref": "#/components/parameters/source" }, { "$ref": "#/components/parameters/webhook-id" },
              { "$ref": "#/components/parameters/webhook-timestamp" }, { "$ref": "#/components/parameters/webhook-signature" }
            ],
            "requestBody": { "required": true, "description": "4 KiB at most.",
              "content": { "application/json": { "schema": { "$ref": "#/components/schemas/HandoverRequest" } } } },
            "responses": {
              "200": { "description": "Hand the prize over.", "content": {
                "application/json": { "schema": { "$ref": "#/components/schemas/Handover" } } } },
              "400": { "$ref": "#/components/responses/Problem" },
              "401": { "$ref": "#/components/responses/Problem" },
              "403": { "$ref": "#/components/responses/PurposeMissing" },
              "404": { "description": "No such voucher, after 20 ms at least: unknown, another brand's, or its code was voided.",
                "content": { "application/problem+json": {} } },
              "409": { "description": "already_handed_over; not_active: its code is held back; idempotency_mismatch.",
                "content": { "application/problem+json": {} } },
              "410": { "description": "voucher_expired: the time to fetch the prize is over.",
                "content": { "application/problem+json": {} } },
              "413": { "$ref": "#/components/responses/Problem" },
              "422": { "description": "store_unknown: the brand has no shop of this code, or the source is another shop's. invalid: a text is too long.",
                "content": { "application/problem+json": {} } },
              "429": { "description": "too_many_requests: this store showed too many wrong vouchers; Retry-After says how long to wait.",
                "content": { "application/problem+json": {} } },
              "503": { "description": "limits_unavailable or unavailable: the same may be sent again, as Retry-After says.",
                "content": { "application/problem+json": {} } }
            }
          }
        },
        "/v1/hooks/{source}/handovers/{id}/reverse": {
          "post": {
            "summary": "Takes a handover back, within a week unless the brand says otherwise: the voucher is open again.",
            "description": "Signed as Standard Webhooks says. The same webhook-id and body get the same bytes again.",
            "parameters": [
              { "$ref": "#/components/parameters/source" },
              { "name": "id", "in": "path", "required": true, "schema": { "type": "string", "format": "uuid" } },
              { "$ref": "#/components/parameters/webhook-id" },
              { "$ref": "#/components/parameters/webhook-timestamp" }, { "$ref": "#/components/parameters/webhook-signature" }
            ],
            "requestBody": { "required": true, "description": "4 KiB at most.",
              "content": { "application/json": { "schema": { "$ref": "#/components/schemas/ReversalRequest" } } } },
            "responses": {
              "200": { "description": "It is taken back.", "content": {
                "application/json": { "schema": { "$ref": "#/components/schemas/Reversal" } } } },
              "400": { "$ref": "#/components/responses/Problem" },
              "401": { "$ref": "#/components/responses/Problem" },
              "403": { "$ref": "#/components/responses/PurposeMissing" },
              "404": { "$ref": "#/components/responses/Problem" },
              "409": { "description": "already_reversed; reversal_window_over; idempotency_mismatch.",
                "content": { "application/problem+json": {} } },
              "413": { "$ref": "#/components/responses/Problem" },
              "422": { "$ref": "#/components/responses/Problem" },
              "503": { "$ref": "#/components/responses/Problem" }
            }
          }
        },
        "/v1/hooks/{source}/draws/{campaign}/entries": {
          "post": {
            "summary": "Somebody draws: uses up one of their own draws, or a right to one more, and is told what they won.",
            "description": "Signed as Standard Webhooks says. The same webhook-id and body get the same bytes again.",
            "parameters": [
              { "$ref": "#/components/parameters/source" },
              { "name": "campaign", "in": "path", "required": true, "schema": { "type": "string" },
                "description": "The code of the draw." },
              { "$ref": "#/components/parameters/webhook-id" },
              { "$ref": "#/components/parameters/webhook-timestamp" }, { "$ref": "#/components/parameters/webhook-signature" }
            ],
            "requestBody": { "required": true, "description": "4 KiB at most.",
              "content": { "application/json": { "schema": { "$ref": "#/components/schemas/EntryRequest" } } } },
            "responses": {
              "200": { "description": "What the entry won.", "content": {
                "application/json": { "schema": { "$ref": "#/components/schemas/Entry" } } } },
              "400": { "$ref": "#/components/responses/Problem" },
              "401": { "$ref": "#/components/responses/Problem" },
              "403": { "$ref": "#/components/responses/PurposeMissing" },
              "404": { "description": "No such draw of this brand, or no such right of this person.",
                "content": { "application/problem+json": {} } },
              "409": { "description": "not_active: it has not begun, or is over; draws_used_up: this person has no draw left; campaign_full; right_used; idempotency_mismatch.",
                "content": { "application/problem+json": {} } },
              "413": { "$ref": "#/components/responses/Problem" },
              "422": { "$ref": "#/components/responses/Problem" },
              "429": { "description": "too_many_requests: this person, device or network tried too much, here or by scanning; Retry-After says how long to wait.",
                "content": { "application/problem+json": {} } },
              "503": { "description": "limits_unavailable or unavailable: the same may be sent again, as Retry-After says.",
                "content": { "application/problem+json": {} } }
            }
          }
        },
        "/c/{code}": {
          "get": {
            "summary": "The page that a phone's camera opens: what the pack is, whether it was redeemed, what there is to win.",
            "description": "HTML without a script, the same for everybody but the winner, whose address has a secret; in English where the browser or lang=en asks for it. Changes nothing.",
            "parameters": [
              { "$ref": "#/components/parameters/code" }, { "$ref": "#/components/parameters/lang" },
              { "$ref": "#/components/parameters/secret" }
            ],
            "responses": {
              "200": { "description": "The page.", "content": { "text/html": {} } },
              "404": { "description": "No such code, after 20 ms at least: unknown, void, or imported by several brands.",
                "content": { "text/html": {} } },
              "429": { "$ref": "#/components/responses/TooManyPages" },
              "503": { "$ref": "#/components/responses/Problem" }
            }
          }
        },
        "/C/{code}": {
          "get": {
            "summary": "The page that a phone's camera opens: what the pack is, whether it was redeemed, what there is to win.",
            "description": "HTML without a script, the same for everybody but the winner, whose address has a secret; in English where the browser or lang=en asks for it. Changes nothing.",
            "parameters": [
              { "$ref": "#/components/parameters/code" }, { "$ref": "#/components/parameters/lang" },
              { "$ref": "#/components/parameters/secret" }
            ],
            "responses": {
              "200": { "description": "The page.", "content": { "text/html": {} } },
              "404": { "description": "No such code, after 20 ms at least: unknown, void, or imported by several brands.",
                "content": { "text/html": {} } },
              "429": { "$ref": "#/components/responses/TooManyPages" },
              "503": { "$ref": "#/components/responses/Problem" }
            }
          }
        },
        "/.well-known/gs1resolver": {
          "get": {
            "summary": "What this service is as a GS1-Conformant resolver (description file, schema 1.2.0).",
            "responses": {
              "200": { "description": "The description of the resolver at this host.", "content": { "application/json": { "schema": {
                "type": "object", "required": ["resolverRoot", "supportedPrimaryKeys"], "properties": {
                  "name": { "type": "string" }, "resolverRoot": { "type": "string", "format": "uri" },
                  "supportedPrimaryKeys": { "type": "array", "items": { "enum": ["01"] } },
                  "supportedLinkType": { "type": "array", "items": { "type": "object" } },
                  "linkTypeDefaultCanBeLinkset": { "type": "boolean" } } } } } },
              "404": { "description": "No GS1 Digital Link on a pack begins with this host.",
                "content": { "application/problem+json": {} } }
            }
          }
        },
        "/01/{gtin}/21/{code}": {
          "get": {
            "summary": "A GS1 Digital Link of an item: leads to its page.",
            "parameters": [
              { "$ref": "#/components/parameters/gtin" },
              { "$ref": "#/components/parameters/code" }, { "$ref": "#/components/parameters/lang" },
              { "$ref": "#/components/parameters/linkType" }
            ],
            "responses": {
              "200": { "$ref": "#/components/responses/Linkset" },
              "307": { "$ref": "#/components/responses/LinkedPage" },
              "400": { "$ref": "#/components/responses/Problem" },
              "404": { "$ref": "#/components/responses/NoSuchItem" },
              "429": { "$ref": "#/components/responses/TooManyPages" },
              "503": { "$ref": "#/components/responses/Problem" }
            }
          }
        },
        "/01/{gtin}/10/{lot}/21/{code}": {
          "get": {
            "summary": "A GS1 Digital Link of an item: leads to its page.",
            "parameters": [
              { "$ref": "#/components/parameters/gtin" },
              { "$ref": "#/components/parameters/lot" },
              { "$ref": "#/components/parameters/code" }, { "$ref": "#/components/parameters/lang" },
              { "$ref": "#/components/parameters/linkType" }
            ],
            "responses": {
              "200": { "$ref": "#/components/responses/Linkset" },
              "307": { "$ref": "#/components/responses/LinkedPage" },
              "400": { "$ref": "#/components/responses/Problem" },
              "404": { "$ref": "#/components/responses/NoSuchItem" },
              "429": { "$ref": "#/components/responses/TooManyPages" },
              "503": { "$ref": "#/components/responses/Problem" }
            }
          }
        },
        "/01/{gtin}/22/{variant}/21/{code}": {
          "get": {
            "summary": "A GS1 Digital Link of an item: leads to its page.",
            "parameters": [
              { "$ref": "#/components/parameters/gtin" },
              { "$ref": "#/components/parameters/variant" },
              { "$ref": "#/components/parameters/code" }, { "$ref": "#/components/parameters/lang" },
              { "$ref": "#/components/parameters/linkType" }
            ],
            "responses": {
              "200": { "$ref": "#/components/responses/Linkset" },
              "307": { "$ref": "#/components/responses/LinkedPage" },
              "400": { "$ref": "#/components/responses/Problem" },
              "404": { "$ref": "#/components/responses/NoSuchItem" },
              "429": { "$ref": "#/components/responses/TooManyPages" },
              "503": { "$ref": "#/components/responses/Problem" }
            }
          }
        },
        "/01/{gtin}/22/{variant}/10/{lot}/21/{code}": {
          "get": {
            "summary": "A GS1 Digital Link of an item: leads to its page.",
            "parameters": [
              { "$ref": "#/components/parameters/gtin" },
              { "$ref": "#/components/parameters/variant" },
              { "$ref": "#/components/parameters/lot" },
              { "$ref": "#/components/parameters/code" }, { "$ref": "#/components/parameters/lang" },
              { "$ref": "#/components/parameters/linkType" }
            ],
            "responses": {
              "200": { "$ref": "#/components/responses/Linkset" },
              "307": { "$ref": "#/components/responses/LinkedPage" },
              "400": { "$ref": "#/components/responses/Problem" },
              "404": { "$ref": "#/components/responses/NoSuchItem" },
              "429": { "$ref": "#/components/responses/TooManyPages" },
              "503": { "$ref": "#/components/responses/Problem" }
            }
          }
        }
      },
      "components": {
        "parameters": {
          "gtin": { "name": "gtin", "in": "path", "required": true, "schema": { "type": "string" },
            "description": "14 digits with their check digit." },
          "coupon": { "name": "id", "in": "path", "required": true, "schema": { "type": "string", "format": "uuid" },
            "description": "The coupon." },
          "code": { "name": "code", "in": "path", "required": true, "schema": { "type": "string" },
            "description": "The code on the pack." },
          "lang": { "name": "lang", "in": "query", "schema": { "enum": ["zh", "en"] }, "description": "The language." },
          "secret": { "name": "s", "in": "query", "schema": { "type": "string" },
            "description": "What a winner's answer brought: for a quarter of an hour the page shows the prize, and the voucher. Anything else shows what everybody sees." },
          "linkType": { "name": "linkType", "in": "query", "schema": { "type": "string" },
            "description": "linkset or all: every link as application/linkset+json, as Accept may ask too; gs1:pip or none: the page." },
          "lot": { "name": "lot", "in": "path", "required": true, "schema": { "type": "string" },
            "description": "The lot." },
          "variant": { "name": "variant", "in": "path", "required": true, "schema": { "type": "string" },
            "description": "The variant of the product." },
          "source": { "name": "source", "in": "path", "required": true, "schema": { "type": "string" },
            "description": "The name of the source whose secret signs." },
          "webhook-id": { "name": "webhook-id", "in": "header", "required": true,
            "schema": { "type": "string", "maxLength": 255 }, "description": "The same for every attempt of a delivery." },
          "webhook-timestamp": { "name": "webhook-timestamp", "in": "header", "required": true, "schema": { "type": "string" },
            "description": "Seconds since 1970, of this attempt; five minutes off at most." },
          "webhook-signature": { "name": "webhook-signature", "in": "header", "required": true, "schema": { "type": "string" },
            "description": "v1, and the base64 of HMAC-SHA256 over id.timestamp.body; several, with spaces between." }
        },
        "responses": {
          "LinkedPage": { "description": "The page of the code; the query goes with it. The Link header leads to the linkset." },
          "Linkset": { "description": "All links of the item (RFC 9264).", "content": { "application/linkset+json": {} } },
          "NoSuchItem": { "description": "No such item, after 20 ms at least: no code, or one of another product or lot; or no such linkType.",
            "content": { "text/html": {}, "application/problem+json": {} } },
          "TooManyPages": { "description": "This network opened too many pages, or too many of codes that there are not; Retry-After says how long to wait.",
            "content": { "text/html": {} } },
          "PurposeMissing": { "description": "purpose_missing: signed by the source, whose secret is for other hooks; whoever runs the installation may add the purpose.",
            "content": { "application/problem+json": {} } },
          "Problem": { "description": "A problem document (RFC 9457).", "content": { "application/problem+json": {} } }
        },
        "schemas": {
          "Scan": {
            "type": "object",
            "required": ["openid"],
            "oneOf": [{ "required": ["code"] }, { "required": ["code_ticket"] }],
            "properties": {
              "code": { "type": "string", "description": "20 characters of Crockford's base32; either case, hyphens allowed. Or a code that the brand imported, as it is." },
              "code_ticket": { "type": "string", "minLength": 1, "maxLength": 256,
                "description": "Instead of a code: what WeChat gave the mini program when one of its own codes was scanned. It is exchanged at WeChat, for the person of `openid` alone." },
              "openid": { "type": "string", "maxLength": 128 },
              "unionid": { "type": "string" },
              "location": { "type": "object", "properties": {
                "lat": { "type": "number" }, "lon": { "type": "number" }, "city": { "type": "string" } } },
              "device": { "type": "string", "description": "What names this one device, not its model: wrong codes count for it." },
              "ip": { "type": "string", "description": "The person's IPv4 or IPv6 address, not the sender's: wrong codes and requests count for its network. Not kept." }
            }
          },
          "HandoverRequest": {
            "type": "object",
            "required": ["voucher", "store"],
            "properties": {
              "voucher": { "type": "string", "maxLength": 100,
                "description": "26 characters of Crockford's base32, as the winner shows them; either case, hyphens allowed." },
              "store": { "type": "string", "maxLength": 100, "description": "The code of a shop of the brand." }
            }
          },
          "Handover": {
            "type": "object",
            "required": ["handover_id", "prize", "store", "handed_over_at"],
            "properties": {
              "handover_id": { "type": "string", "format": "uuid" },
              "prize": { "type": "object", "required": ["tier", "name", "kind"], "properties": {
                "tier": { "type": "integer" }, "name": { "type": "string" }, "kind": { "enum": ["item"] } } },
              "store": { "type": "string" },
              "handed_over_at": { "type": "string", "format": "date-time" }
            }
          },
          "ReversalRequest": {
            "type": "object", "required": ["reason"],
            "properties": { "reason": { "type": "string", "minLength": 1, "maxLength": 200 } }
          },
          "Reversal": {
            "type": "object", "required": ["handover_id", "reversed_at"],
            "properties": {
              "handover_id": { "type": "string", "format": "uuid" },
              "reversed_at": { "type": "string", "format": "date-time" }
            }
          },
          "EntryRequest": {
            "type": "object", "required": ["openid"],
            "properties": {
              "openid": { "type": "string", "minLength": 1, "maxLength": 128 },
              "right": { "type": "string", "format": "uuid",
                "description": "The right to use up; without it the person's own draws come first, then their oldest right. Rights that there are not count like wrong codes." },
              "device": { "type": "string", "description": "What names this one device, not its model: rights that there are not count for it." },
              "ip": { "type": "string", "description": "The person's IPv4 or IPv6 address, not the sender's: requests count for its network. Not kept." }
            }
          },
          "Entry": {
            "type": "object",
            "required": ["campaign", "outcome", "entry_id", "ordinal", "rules_hash", "drawn_at"],
            "properties": {
              "campaign": { "type": "string" },
              "outcome": { "enum": ["won", "no_prize"] },
              "entry_id": { "type": "string", "format": "uuid" },
              "ordinal": { "type": "integer", "minimum": 0, "description": "The place in the order of the draw." },
              "prize": { "type": "object", "required": ["tier", "name", "kind"], "properties": {
                "tier": { "type": "integer" }, "name": { "type": "string" },
                "kind": { "enum": ["points", "coupon", "item", "redraw"] }, "points": { "type": "integer" },
                "coupon": { "$ref": "#/components/schemas/WonCoupon" },
                "voucher": {
                  "type": "object", "description": "Of an item.", "required": ["token", "expires_at"],
                  "properties": {
                    "token": { "type": "string", "description": "What the winner shows at a store: 26 characters." },
                    "expires_at": { "type": "string", "format": "date-time" }
                  }
                } } },
              "right": { "type": "string", "format": "uuid", "description": "The right to one more draw that was won." },
              "rules_hash": { "type": "string", "description": "SHA-256 that commits to seed and terms since before the draw." },
              "drawn_at": { "type": "string", "format": "date-time" }
            }
          },
          "WonCoupon": {
            "type": "object", "description": "What a coupon promises; it can be used a moment after it was won.",
            "required": ["coupon_id", "off_fen", "threshold_fen", "expires_at"],
            "properties": {
              "coupon_id": { "type": "string", "format": "uuid" },
              "off_fen": { "type": "integer", "minimum": 1, "description": "What it takes off." },
              "threshold_fen": { "type": "integer", "description": "From what an order costs on, before anything is taken off." },
              "expires_at": { "type": "string", "format": "date-time", "description": "The last instant that counts." }
            }
          },
          "Coupon": {
            "type": "object",
            "required": ["coupon_id", "name", "state", "off_fen", "threshold_fen", "expires_at"],
            "properties": {
              "coupon_id": { "type": "string", "format": "uuid" },
              "name": { "type": "string" },
              "state": { "enum": ["granted", "used", "expired"] },
              "off_fen": { "type": "integer", "minimum": 1 },
              "threshold_fen": { "type": "integer" },
              "expires_at": { "type": "string", "format": "date-time", "description": "The last instant that counts; later than it was once the coupon was given back." },
              "order_id": { "type": "string", "format": "uuid", "description": "The order that it counts for." }
            }
          },
          "CouponUseRequest": {
            "type": "object", "required": ["openid", "order_id"],
            "properties": {
              "openid": { "type": "string", "description": "Whose coupon it is." },
              "order_id": { "type": "string", "format": "uuid", "description": "The order, by our id; what is due for it is less by the coupon already." }
            }
          },
          "CouponUse": {
            "type": "object", "required": ["coupon_id", "order_id", "off_fen", "used_at"],
            "properties": {
              "coupon_id": { "type": "string", "format": "uuid" }, "order_id": { "type": "string", "format": "uuid" },
              "off_fen": { "type": "integer", "minimum": 1 }, "used_at": { "type": "string", "format": "date-time" }
            }
          },
          "Answer": {
            "type": "object",
            "required": ["outcome", "product", "redeemed_at", "rules_hash"],
            "properties": {
              "outcome": { "enum": ["won", "no_prize", "redeemed_by_you", "already_redeemed"] },
              "page": { "type": "string", "description": "For winners alone: the path of a page that shows the prize for a quarter of an hour." },
              "prize": {
                "type": "object", "description": "For whoever won it alone.",
                "required": ["tier", "name", "kind"],
                "properties": {
                  "tier": { "type": "integer" }, "name": { "type": "string" },
                  "kind": { "enum": ["points", "coupon", "item", "redraw", "cash"] }, "points": { "type": "integer" },
                  "campaign": { "type": "string", "description": "Of a right to draw: the draw." },
                  "coupon": { "$ref": "#/components/schemas/WonCoupon" },
                  "voucher": {
                    "type": "object", "description": "Of an item, as long as a store would take it.",
                    "required": ["token", "expires_at"],
                    "properties": {
                      "token": { "type": "string", "description": "What the winner shows at a store: 26 characters." },
                      "expires_at": { "type": "string", "format": "date-time" }
                    }
                  }
                }
              },
              "product": {
                "type": "object",
                "required": ["batch", "label", "first_scanned_at"],
                "properties": {
                  "batch": { "type": "string" }, "label": { "type": "string" },
                  "title": { "type": "string", "description": "The product's name." },
                  "gtin": { "type": "string", "description": "14 digits." }, "lot": { "type": "string" },
                  "made_on": { "type": "string", "format": "date" }, "best_before": { "type": "string", "format": "date" },
                  "first_scanned_at": { "type": "string", "format": "date-time", "description": "When the code was redeemed." },
                  "product_id": { "type": "string", "format": "uuid" },
                  "shop_id": { "type": "string", "format": "uuid" }
                }
              },
              "redeemed_at": { "type": "string", "format": "date-time" },
              "rules_hash": { "type": "string", "description": "SHA-256 that commits to the prizes since before printing." }
            }
          }
        }
      }
    }
    """
