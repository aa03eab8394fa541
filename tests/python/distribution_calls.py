"""Objects of weft.distributions, and calls of what is public there, for the tests that walk all public names."""

OBJECTS = {
    "AffineTransform": lambda w: w.distributions.AffineTransform(1.0, 2.0),
    "Bernoulli": lambda w: w.distributions.Bernoulli(0.5),
    "Categorical": lambda w: w.distributions.Categorical(w.ones(3)),
    "ComposeTransform": lambda w: w.distributions.ComposeTransform([w.distributions.ExpTransform()]),
    "Constraint": lambda w: w.distributions.constraints.positive,
    "ExpTransform": lambda w: w.distributions.ExpTransform(),
    "Exponential": lambda w: w.distributions.Exponential(1.0),
    "Gumbel": lambda w: w.distributions.Gumbel(0.0, 1.0),
    "Independent": lambda w: w.distributions.Independent(OBJECTS["OneHotCategoricalStraightThrough"](w), 0),
    "Laplace": lambda w: w.distributions.Laplace(0.0, 1.0),
    "LogNormal": lambda w: w.distributions.LogNormal(0.0, 1.0),
    "LogitRelaxedBernoulli": lambda w: w.distributions.relaxed_bernoulli.LogitRelaxedBernoulli(1.0, 0.5),
    "MultivariateNormal": lambda w: w.distributions.MultivariateNormal(w.zeros(2), w.eye(2)),
    "Normal": lambda w: w.distributions.Normal(0.0, 1.0),
    "OneHotCategorical": lambda w: w.distributions.OneHotCategorical(w.ones(3)),
    "OneHotCategoricalStraightThrough": lambda w: w.distributions.OneHotCategoricalStraightThrough(w.ones(3)),
    "SigmoidTransform": lambda w: w.distributions.SigmoidTransform(),
    "TanhTransform": lambda w: w.distributions.TanhTransform(),
    "Uniform": lambda w: w.distributions.Uniform(0.0, 1.0),
    "_GreaterThan": lambda w: w.distributions.constraints.greater_than(0.0),
    "_GreaterThanEq": lambda w: w.distributions.constraints.greater_than_eq(0.0),
    "_HalfOpenInterval": lambda w: w.distributions.constraints.half_open_interval(0.0, 1.0),
    "_IndependentConstraint": lambda w: w.distributions.constraints.real_vector,
    "_IntegerInterval": lambda w: w.distributions.constraints.integer_interval(0, 1),
    "_LessThan": lambda w: w.distributions.constraints.less_than(1.0),
}


def _probability(w):
    return (w.tensor(0.5),)


def _pair(w):
    return w.tensor(0.5), w.tensor(0.5)


def _value(name):
    """A value that the distribution takes."""
    return lambda w: (OBJECTS[name](w).sample(),)


_METHODS = {
    "cdf": lambda name: _probability,
    "icdf": lambda name: _probability,
    "log_prob": _value,
    "expand": lambda name: lambda w: ((2,),),
    "log_abs_det_jacobian": lambda name: _pair,
    "forward_shape": lambda name: lambda w: ((2,),),
    "inverse_shape": lambda name: lambda w: ((2,),),
    "check": lambda name: lambda w: (w.ones(2),),
}
_BASES = {
    "distribution.Distribution": "Normal",
    "relaxed_bernoulli.LogitRelaxedBernoulli": "LogitRelaxedBernoulli",
    "transformed_distribution.TransformedDistribution": "LogNormal",
    "transform.Transform": "ExpTransform",
    "constraints._Interval": "_HalfOpenInterval",
    **{f"constraints.{name}": "Constraint" for name in ("Constraint", "greater_than", "greater_than_eq", "less_than")},
    **{f"constraints.{name}": "Constraint" for name in ("half_open_interval", "integer_interval", "independent")},
}

RECIPES = {
    f"weft.distributions.{path}.{method}": of(name)
    for path, name in [*_BASES.items(), *((name, name) for name in OBJECTS)]
    for method, of in _METHODS.items()
}
RECIPES |= {
    "weft.distributions.ComposeTransform": lambda w: ([w.distributions.ExpTransform()],),
    "weft.distributions.Independent": lambda w: (w.distributions.Normal(w.zeros(2), 1.0), 1),
    "weft.distributions.MultivariateNormal": lambda w: (w.zeros(2), w.eye(2)),
    "weft.distributions.TransformedDistribution": lambda w: (
        w.distributions.Normal(0.0, 1.0),
        w.distributions.ExpTransform(),
    ),
    "weft.distributions.constraints.independent": lambda w: (w.distributions.constraints.real, 1),
    "weft.distributions.constraints.is_dependent": lambda w: (w.distributions.constraints.real,),
    "weft.distributions.constraints.dependent_property": lambda w: (lambda self: None,),
    "weft.distributions.identity_transform": lambda w: (w.ones(2),),
    "weft.distributions.kl_divergence": lambda w: (OBJECTS["Normal"](w), OBJECTS["Normal"](w)),
    "weft.distributions.register_kl": lambda w: (_own(w), _own(w)),
    "weft.distributions.bernoulli.lazy_property": lambda w: (lambda self: None,),
    "weft.distributions.distribution.Distribution.set_default_validate_args": lambda w: (True,),
}


def _own(w):
    """A class whose rules nobody else finds."""
    return type("Own", (w.distributions.Normal,), {})


LEFT_OUT = {
    "weft.distributions.Distribution": "written by users",
    "weft.distributions.distribution.Distribution.enumerate_support": "of discrete ones, which override it",
    "weft.distributions.constraints._Dependent.check": "says that it cannot know",
}
