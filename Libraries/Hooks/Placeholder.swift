enum HooksPlaceholder {}
