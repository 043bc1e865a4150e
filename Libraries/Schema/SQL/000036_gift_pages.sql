-- Why: a recipient opens a gift's page in WeChat's browser, and WeChat says who they are: to the account that the brand has there.
-- Locks: creates only; siyu.brand for the new foreign key (SHARE ROW EXCLUSIVE, instant).

-- The account (服务号) of a brand whose web pages ask WeChat who somebody is. Its openids must be those by which partners name people. The
-- secret is sealed; the bases are WeChat's own, or a stand-in's.
CREATE TABLE gifting.web_app (
    brand_id        uuid        NOT NULL,
    appid           text        NOT NULL,
    sealed_secret   bytea       NOT NULL,
    page_base       text        NOT NULL,
    authorize_base  text        NOT NULL,
    api_base        text        NOT NULL,
    created_at      timestamptz NOT NULL,
    updated_at      timestamptz NOT NULL,
    CONSTRAINT web_app_pkey PRIMARY KEY (brand_id),
    CONSTRAINT web_app_brand_fkey FOREIGN KEY (brand_id) REFERENCES siyu.brand (brand_id),
    CONSTRAINT web_app_appid_is_short CHECK (length(appid) BETWEEN 1 AND 64)
);

GRANT SELECT ON gifting.web_app TO siyu_gifts;
GRANT SELECT, INSERT ON gifting.web_app TO siyu_operator;
GRANT UPDATE (appid, sealed_secret, page_base, authorize_base, api_base, updated_at) ON gifting.web_app TO siyu_operator;
